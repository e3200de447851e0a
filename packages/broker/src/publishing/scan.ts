/**
 * Takes a published body apart: its events, each with its bytes and its value (protocol 4.2). The fast way is a look at
 * each byte and the platform's own parser; where they find anything unusual, the strict reader has the last word.
 * @pure
 */
import { isObject } from "../event-types/json-schema.ts";
import type { JsonObject } from "../event-types/json-schema.ts";
import { JsonSyntaxError, parseStrictly } from "../event-types/strict-json.ts";
import { ProblemError } from "../problems.ts";
import { newItemScan, scanItem, withoutGaps } from "./item-scanner.ts";
import type { ItemScan } from "./item-scanner.ts";
import { memberCount } from "./member-count.ts";

export interface PublishedItem {
  /** The event without whitespace outside of strings: a view of the body, or a copy if anything had to go. */
  bytes: Uint8Array;
  /** Bytes of the event as it was sent. */
  sentBytes: number;
  value: JsonObject;
  /** Where the value of the member `metadata` is in `bytes`; nothing if there is no such member. */
  metadata: { start: number; end: number } | undefined;
  /** A number is written in a way that `value` does not show: `1.0`, `1e3`, 9007199254740993. */
  hasOddNumbers: boolean;
}

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;

/**
 * Whitespace around and commas between events are forgiven, inside an event nothing is.
 * @param maxDepth how deep arrays and objects of an event may nest
 * @throws {ProblemError} 400 for the first fault
 */
export function scanBody(body: Uint8Array, maxDepth: number): PublishedItem[] {
  const start = skipSpace(body, 0);
  if (body[start] !== OPEN_BRACKET) throw malformed(`Array of events should start with [ at position ${start}`);
  const end = lastSolid(body, start);
  if (body[end] !== CLOSE_BRACKET)
    throw malformed(`Array of events should end with ] at position ${characters(body, end)}`);
  const items: PublishedItem[] = [];
  const scan = newItemScan();
  let kept = 0;
  for (let at = start + 1; ; at = scan.end) {
    while (body[at] === COMMA || isSpace(body[at])) at++;
    if (at >= end) break;
    if (body[at] !== OPEN_BRACE) throw malformed(`Illegal character at position ${characters(body, at)}`);
    scanItem(body, at, end + 1, maxDepth, scan);
    const sent = new Uint8Array(body.buffer, body.byteOffset + at, scan.end - at);
    const value = readValue(sent, scan, maxDepth);
    const bytes = withoutGaps(sent, at, scan);
    if (bytes === sent) kept += bytes.length;
    items.push({
      bytes,
      sentBytes: sent.length,
      value,
      metadata: scan.metadataStart < 0 ? undefined : { start: scan.metadataStart, end: scan.metadataEnd },
      hasOddNumbers: scan.oddNumbers,
    });
  }
  // A view keeps the whole body alive for as long as the event is stored.
  if (kept > 0 && kept < body.length / 2) for (const item of items) item.bytes = item.bytes.slice();
  return items;
}

/** The text of an item, as far as the server keeps it. */
export function itemText({ bytes }: Pick<PublishedItem, "bytes">): string {
  return decode(bytes);
}

function readValue(sent: Uint8Array, scan: ItemScan, maxDepth: number): JsonObject {
  const text = decode(sent);
  if (!scan.tooDeep && !scan.hugeNumbers) {
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value) && memberCount(value) === scan.members) return value;
    } catch {
      // The strict reader knows why, or forgives it.
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

/** The last byte behind `first` that is no whitespace, or `first` itself. */
function lastSolid(body: Uint8Array, first: number): number {
  let at = body.length - 1;
  while (at > first && isSpace(body[at])) at--;
  return at;
}

/** Positions count UTF-16 code units. */
function characters(body: Uint8Array, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) {
    const byte = body[at] as number;
    // Continuation bytes belong to a character that was counted; four bytes are two units.
    if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1;
  }
  return count;
}
