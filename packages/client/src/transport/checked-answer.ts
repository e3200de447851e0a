/**
 * What a transport must answer. One that the program gives may break the contract: then nobody knows what the server did.
 * @pure
 */
import { Header } from "nakadi-protocol";
import { ProtocolError } from "../errors/nakadi-error.ts";
import { isPlainObject } from "../options/checks.ts";
import type { BufferedResponse, ResponseHead, StreamResponse } from "./transport.ts";

/** @throws {ProtocolError} */
export function checkedAnswer(answer: BufferedResponse): BufferedResponse {
  const missing = missingOfHead(answer) ?? (ArrayBuffer.isView(answer.body) ? undefined : "a body of bytes");
  if (missing !== undefined) throw broken(missing);
  return answer;
}

/** One that cannot be read is closed. @throws {ProtocolError} */
export function checkedStream(stream: StreamResponse): StreamResponse {
  const missing =
    missingOfHead(stream) ??
    (["read", "pause", "resume", "close"] as const).find((name) => typeof stream[name] !== "function");
  if (missing === undefined) return stream;
  if (typeof stream?.close === "function") stream.close();
  throw broken(missing);
}

/** How a body is encoded that was not asked to be; `undefined` where it is as it should be. */
export function encodingOf({ headers }: ResponseHead): string | undefined {
  const encoding = headers[Header.contentEncoding]?.trim().slice(0, MAX_ENCODING);
  return encoding === undefined || encoding === "" || encoding.toLowerCase() === "identity" ? undefined : encoding;
}

/** Enough for any name of an encoding; the header may hold anything. */
const MAX_ENCODING = 40;

function missingOfHead(head: Partial<ResponseHead> | null | undefined): string | undefined {
  if (!Number.isInteger(head?.status)) return "a status";
  return isPlainObject(head?.headers) ? undefined : "plain headers";
}

function broken(missing: string): ProtocolError {
  return new ProtocolError(`an answer of the transport lacks ${missing}`);
}
