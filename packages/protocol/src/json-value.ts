/**
 * Where JSON values end in bytes. Strings and brackets are followed, nothing else is judged.
 * @pure
 */
import { BatchLineError } from "./batch-line-error.ts";

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA] = [34, 92, 123, 125, 91, 93, 44];

/** A value that may be followed in portions, where it may be long. */
export class JsonValue {
  readonly #bytes: Uint8Array;
  #at: number;
  #depth = 0;

  /** @throws {BatchLineError} if no value begins at `start` */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    const first = bytes[start];
    if (first === QUOTE) this.#at = stringEnd(bytes, start);
    else if (first !== OPEN_BRACE && first !== OPEN_BRACKET) this.#at = scalarEnd(bytes, start);
    else {
      this.#at = start + 1;
      this.#depth = 1;
    }
  }

  /** Where it ends, once that is known. */
  get end(): number {
    return this.#at;
  }

  /** Follows it for about this number of bytes; whether its end is known. @throws {BatchLineError} if the bytes end before it */
  follow(bytes: number): boolean {
    const all = this.#bytes;
    const until = Math.min(all.length, this.#at + bytes);
    let at = this.#at;
    let depth = this.#depth;
    for (; depth > 0 && at < until; at += 1) {
      const byte = all[at];
      if (byte === QUOTE) at = stringEnd(all, at) - 1;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    }
    this.#at = at;
    this.#depth = depth;
    if (depth > 0 && at >= all.length) throw new BatchLineError("A line ends in the middle.");
    return depth === 0;
  }
}

/** Where the value that begins at `start` ends. @throws {BatchLineError} if it does not */
export function valueEnd(bytes: Uint8Array, start: number): number {
  const value = new JsonValue(bytes, start);
  value.follow(Infinity);
  return value.end;
}

/** Where white space ends. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 32 || byte === 9 || byte === 13; byte = bytes[at]) at += 1;
  return at;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new BatchLineError("A line ends in the middle.");
}

function scalarEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE && bytes[at] !== CLOSE_BRACKET) at += 1;
  if (at === start) throw new BatchLineError("A line is not a JSON object.");
  return at;
}
