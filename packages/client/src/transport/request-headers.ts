/**
 * Headers of every request: those of the program, and a flow id that identifies the request in the server's logs.
 * @pure
 */
import { Header } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { isPlainObject, text } from "../options/checks.ts";

const FLOW_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const FLOW_ID_LENGTH = 24;

/** @param random 0 up to 1 */
export function flowId(random: () => number): string {
  const letter = (): string | undefined => FLOW_ID_ALPHABET[Math.floor(random() * FLOW_ID_ALPHABET.length)];
  return Array.from({ length: FLOW_ID_LENGTH }, letter).join("");
}

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** Headers that belong to the connection; undici refuses a request that has one. */
const OF_CONNECTIONS = ["connection", "keep-alive", "transfer-encoding", "upgrade", "expect"];

/** Refuses headers that the client sets itself. @throws {ConfigError} */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  if (!isPlainObject(headers)) throw new ConfigError("options.headers", "a plain object of texts");
  const entries = Object.entries(headers).map(([name, value]): [string, string] => {
    if (!HEADER_NAME.test(name)) throw new ConfigError("options.headers", "named by HTTP tokens");
    const checked = text(`options.headers.${name}`, value);
    if (!HEADER_VALUE.test(checked))
      throw new ConfigError(`options.headers.${name}`, "what a header can carry: no line breaks");
    return [name.toLowerCase(), checked];
  });
  for (const name of [Header.authorization, Header.streamId, "content-length", "host", ...OF_CONNECTIONS]) {
    if (entries.some(([given]) => given === name))
      throw new ConfigError(`options.headers.${name}`, "left to the client");
  }
  return Object.fromEntries(entries);
}
