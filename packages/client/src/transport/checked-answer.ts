/**
 * Checks of a transport's responses. A transport of the program may break the contract; the outcome of the request is then unknown.
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

/** Closes a stream that cannot be read. @throws {ProtocolError} */
export function checkedStream(stream: StreamResponse): StreamResponse {
  const missing =
    missingOfHead(stream) ??
    (["read", "pause", "resume", "close"] as const).find((name) => typeof stream[name] !== "function");
  if (missing === undefined) return stream;
  if (typeof stream?.close === "function") stream.close();
  throw broken(missing);
}

/** The content encoding, although none was requested; `undefined` for none. */
export function encodingOf({ headers }: ResponseHead): string | undefined {
  const encoding = headers[Header.contentEncoding]?.trim().slice(0, MAX_ENCODING);
  return encoding === undefined || encoding === "" || encoding.toLowerCase() === "identity" ? undefined : encoding;
}

/** Characters of the header that are shown: it may hold anything. */
const MAX_ENCODING = 40;

function missingOfHead(head: Partial<ResponseHead> | null | undefined): string | undefined {
  if (!Number.isInteger(head?.status)) return "a status";
  return isPlainObject(head?.headers) ? undefined : "plain headers";
}

function broken(missing: string): ProtocolError {
  return new ProtocolError(`an answer of the transport lacks ${missing}`);
}
