/**
 * Splits a published body into its events, each with its bytes and its value (protocol 4.2). One pass over the bytes and
 * `JSON.parse` read usual events; the strict parser decides about all others.
 * @pure
 */
import { isObject } from "../event-types/schema/json-schema.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";
import { JsonSyntaxError, parseStrictly } from "../event-types/schema/strict-json.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import { newItemScan, scanItem, withoutGaps } from "./item-scanner.ts";
import type { ItemScan } from "./item-scanner.ts";

export interface PublishedItem {
  /** The event without whitespace outside of strings: a view of the body, or a copy if bytes were removed. */
  bytes: Uint8Array;
  /** Bytes of the event as sent. */
  sentBytes: number;
  /** Of an event that is too large only the metadata: parsed values may take 20 times the memory of their text. */
  value: JsonObject;
  /** Where the value of the member `metadata` is in `bytes`; absent if the event has no such member. */
  metadata: { start: number; end: number } | undefined;
  /** A number has a spelling that `value` loses: `1.0`, `1e3`, 9007199254740993. */
  hasOddNumbers: boolean;
}

export type ScanLimits = Pick<Limits, "maxBatchEvents" | "maxEventBytes" | "maxEventDepth">;

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;

/** A larger batch gives other requests a turn of the event loop after this many bytes, about 10 ms of work. */
const BYTES_A_TURN = 1_000_000;

/**
 * Hands each event of the body to `use`. The whole body is read, because its faults outweigh all others.
 * @throws {ProblemError} 400, 413
 */
export async function scanInTurns(
  body: Uint8Array,
  limits: ScanLimits,
  use: (item: PublishedItem) => void,
): Promise<void> {
  let bytes = 0;
  for (const item of scanBody(body, limits)) {
    use(item);
    bytes += item.sentBytes;
    if (bytes < BYTES_A_TURN) continue;
    bytes = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Yields one event after the other. Whitespace and additional commas between events are accepted, invalid JSON inside an
 * event is not.
 * @throws {ProblemError} 400 at the first fault, 413 for more than `limits.maxBatchEvents`
 */
export function* scanBody(body: Uint8Array, limits: ScanLimits): Generator<PublishedItem, void, undefined> {
  const start = skipSpace(body, 0);
  if (body[start] !== OPEN_BRACKET) throw malformed(`Array of events should start with [ at position ${start}`);
  const end = lastSolid(body, start);
  if (body[end] !== CLOSE_BRACKET)
    throw malformed(`Array of events should end with ] at position ${characters(body, end)}`);
  const scan = newItemScan(limits.maxEventBytes);
  let count = 0;
  for (let at = start + 1; ; at = scan.end) {
    while (body[at] === COMMA || isSpace(body[at])) at++;
    if (at >= end) return;
    if (body[at] !== OPEN_BRACE) throw malformed(`Illegal character at position ${characters(body, at)}`);
    if (++count > limits.maxBatchEvents)
      throw new ProblemError(413, `More than ${limits.maxBatchEvents} events in one request`);
    scanItem(body, at, end + 1, limits.maxEventDepth, scan);
    yield itemOf(body, at, scan, limits);
  }
}

function itemOf(body: Uint8Array, start: number, scan: ItemScan, limits: ScanLimits): PublishedItem {
  const sent = new Uint8Array(body.buffer, body.byteOffset + start, scan.end - start);
  const isTooLarge = sent.length > limits.maxEventBytes && !scan.tooDeep;
  return {
    bytes: isTooLarge ? sent : withoutGaps(sent, start, scan),
    sentBytes: sent.length,
    value: isTooLarge ? readMetadata(body, sent, scan, limits) : readValue(sent, scan, limits.maxEventDepth),
    metadata: isTooLarge || scan.metadataFrom < 0 ? undefined : { start: scan.metadataStart, end: scan.metadataEnd },
    hasOddNumbers: scan.oddNumbers,
  };
}

/** The stored text of an event. */
export function itemText({ bytes }: Pick<PublishedItem, "bytes">): string {
  return decode(bytes);
}

/** Reads only the metadata, for an event that will be refused for its size. */
function readMetadata(body: Uint8Array, sent: Uint8Array, scan: ItemScan, { maxEventBytes }: ScanLimits): JsonObject {
  if (sent.at(-1) !== CLOSE_BRACE) throw malformed(`Unexpected end of data at pos ${characters(sent, sent.length)}`);
  const { metadataFrom: from, metadataTo: to } = scan;
  if (from < 0 || to - from > maxEventBytes) return {};
  try {
    return { metadata: JSON.parse(decode(body.subarray(from, to))) as unknown };
  } catch {
    return {};
  }
}

function readValue(sent: Uint8Array, scan: ItemScan, maxDepth: number): JsonObject {
  const text = decode(sent);
  if (!scan.tooDeep && !scan.hugeNumbers) {
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value) && memberCount(value) === scan.members) return value;
    } catch {
      // The strict parser accepts it, or names the fault.
    }
  }
  try {
    const value = parseStrictly(text, { maxDepth });
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw malformed(error.message);
    throw error;
  }
  throw malformed("A JSON object is expected");
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    throw malformed("The text is not UTF-8");
  }
}

function malformed(fault: string): ProblemError {
  return new ProblemError(400, `Error occurred when parsing event(s). ${fault}`);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(body[at])) at++;
  return at;
}

/** Index of the last byte behind `first` that is not whitespace, or `first`. */
function lastSolid(body: Uint8Array, first: number): number {
  let at = body.length - 1;
  while (at > first && isSpace(body[at])) at--;
  return at;
}

/** UTF-16 code units before `end`, in which the server counts positions. */
function characters(body: Uint8Array, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) {
    const byte = body[at] as number;
    // Continuation bytes belong to a counted character; a character of four bytes is two units.
    if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1;
  }
  return count;
}

/**
 * How many members the objects in a value have, all together: fewer than the colons in its text if a name occurs twice.
 * Not recursive, because the nesting is chosen by the client.
 */
export function memberCount(root: object): number {
  let count = 0;
  const waiting: object[] = [root];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (Array.isArray(next)) {
      for (const item of next as unknown[]) if (typeof item === "object" && item !== null) waiting.push(item);
      continue;
    }
    const names = Object.keys(next);
    count += names.length;
    for (const name of names) {
      const value = (next as Record<string, unknown>)[name];
      if (typeof value === "object" && value !== null) waiting.push(value);
    }
  }
  return count;
}
