/**
 * A line of a stream taken apart without looking into its events (protocol 3.3).
 * @pure
 */
import { BatchLineError } from "./batch-line-error.ts";
import type { Cursor, PartitionCursor } from "./cursor.ts";
import { JsonValue, skipSpace, valueEnd } from "./json-value.ts";

export interface BatchLine<C extends PartitionCursor = Cursor> {
  cursor: C;
  /** The bytes of the JSON array, a view of the line; absent in keep-alives. */
  events?: Uint8Array;
  /** Text of `info.debug`. */
  debug?: string;
}

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA, COLON] = [123, 125, 91, 93, 44, 58];

const PARTITION_CURSOR = ["partition", "offset"] as const;
const CURSOR = [...PARTITION_CURSOR, "event_type", "cursor_token"] as const;
const HEAD = bytesOf('{"cursor":{');
const EVENTS = bytesOf(',"events":[');
/** Of the events, where another member follows. */
const ARRAY_END = '],"';
const INFO = bytesOf('],"info":{');
/** Searched in a step. */
const SEARCH_BYTES = 1024 * 1024;
/** Followed byte by byte in a step. */
const FOLLOW_BYTES = 128 * 1024;
const decoder = new TextDecoder();

/** Work in steps of about a millisecond: a caller that must not block takes one in each turn of the event loop. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** A line of a subscription's stream. @throws {BatchLineError} */
export function readBatchLine(line: Uint8Array): BatchLine {
  return atOnce(batchLineSteps(line));
}

/** As `readBatchLine`, in steps. @throws {BatchLineError} in any of them */
export function batchLineSteps(line: Uint8Array): Steps<BatchLine> {
  return readLine<Cursor>(line, CURSOR);
}

/**
 * A line of an event type's stream, whose cursors are of one partition and nothing else (protocol 5.10), in steps.
 * @throws {BatchLineError} in any of them
 */
export function eventTypeLineSteps(line: Uint8Array): Steps<BatchLine<PartitionCursor>> {
  return readLine<PartitionCursor>(line, PARTITION_CURSOR);
}

function* readLine<C extends PartitionCursor>(
  line: Uint8Array,
  members: readonly (keyof C & string)[],
): Steps<BatchLine<C>> {
  const { cursor, ...rest } = (yield* readUsual(line)) ?? (yield* readAny(line));
  return { cursor: cursorOf<C>(cursor, members), ...rest };
}

function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** A line whose cursor is not parsed yet. */
interface RawLine {
  cursor: Uint8Array;
  events?: Uint8Array;
  debug?: string;
}

/**
 * The server's own order of members: cursor, then events, then perhaps info. Read without a loop over the events, which would
 * hold the event loop for tens of milliseconds where there are megabytes of them.
 */
function* readUsual(line: Uint8Array): Steps<RawLine | undefined> {
  if (!startsWith(line, HEAD, 0)) return undefined;
  const cursorEnd = valueEnd(line, HEAD.length - 1);
  if (!startsWith(line, EVENTS, cursorEnd) || line[line.length - 1] !== CLOSE_BRACE) return undefined;
  const start = cursorEnd + EVENTS.length - 1;
  const cursor = line.subarray(HEAD.length - 1, cursorEnd);
  const bytes = Buffer.from(line.buffer, line.byteOffset + start, line.length - start);
  let arrayEnd = -1;
  for (let from = 0; from < bytes.length && arrayEnd < 0; from += SEARCH_BYTES) {
    if (from > 0) yield undefined;
    arrayEnd = bytes.subarray(from, from + SEARCH_BYTES + ARRAY_END.length).indexOf(ARRAY_END);
    if (arrayEnd >= 0) arrayEnd += from;
  }
  if (arrayEnd < 0) {
    if (line[line.length - 2] !== CLOSE_BRACKET) return undefined;
    return { cursor, events: line.subarray(start, line.length - 1) };
  }
  // The first array that ends before another member may be in an event. Before an info that ends the line it is the events.
  const debug = startsWith(bytes, INFO, arrayEnd) ? onlyDebug(bytes.subarray(arrayEnd + "],".length)) : undefined;
  return debug === undefined ? undefined : { cursor, events: line.subarray(start, start + arrayEnd + 1), debug };
}

/**
 * `info.debug` of a line's end, if that is all there is. Such an end closes one object more than it opens: the line's own. So
 * what stands before it ends where the events do.
 */
function onlyDebug(end: Uint8Array): string | undefined {
  try {
    const rest = JSON.parse(`{${decoder.decode(end)}`) as { info?: { debug?: unknown } };
    const { debug } = rest.info ?? {};
    return Object.keys(rest).length === 1 && typeof debug === "string" ? debug : undefined;
  } catch {
    return undefined;
  }
}

/** Any order of members, unknown ones, white space. */
function* readAny(line: Uint8Array): Steps<RawLine> {
  let at = skipSpace(line, 0);
  if (line[at] !== OPEN_BRACE) throw new BatchLineError("A line is not a JSON object.");
  at = skipSpace(line, at + 1);
  const found = new Map<string, Uint8Array>();
  while (line[at] !== CLOSE_BRACE) {
    const nameEnd = valueEnd(line, at);
    const name = decoder.decode(line.subarray(at + 1, nameEnd - 1));
    const start = skipSpace(line, demand(line, skipSpace(line, nameEnd), COLON));
    const value = new JsonValue(line, start);
    while (name !== "info" && !value.follow(FOLLOW_BYTES)) yield undefined;
    const end = name === "info" ? infoEnd(line, start) : value.end;
    found.set(name, line.subarray(start, end));
    at = skipSpace(line, end);
    if (line[at] === COMMA) at = skipSpace(line, at + 1);
    else if (line[at] !== CLOSE_BRACE) throw new BatchLineError("A line is not a JSON object.");
  }
  const cursor = found.get("cursor");
  if (!cursor) throw new BatchLineError("A line has no cursor.");
  const events = found.get("events");
  if (events && events[0] !== OPEN_BRACKET) throw new BatchLineError("The events of a line are no array.");
  const debug = debugOf(found.get("info"));
  return {
    cursor,
    ...(events && { events }),
    ...(debug !== undefined && { debug }),
  };
}

function cursorOf<C extends PartitionCursor>(bytes: Uint8Array, members: readonly (keyof C & string)[]): C {
  let cursor: unknown;
  try {
    cursor = JSON.parse(decoder.decode(bytes));
  } catch {
    throw new BatchLineError("The cursor of a line is not JSON.");
  }
  if (typeof cursor !== "object" || cursor === null) throw new BatchLineError("The cursor of a line is not an object.");
  for (const name of members) {
    const value = (cursor as Record<string, unknown>)[name];
    if (typeof value !== "string" || value === "") throw new BatchLineError(`The cursor of a line has no ${name}.`);
  }
  return cursor as C;
}

/**
 * The server does not escape the text of `info.debug`, so an info may be no JSON at all. It is the line's last member then:
 * what is between it and the line's end belongs to it.
 */
function infoEnd(line: Uint8Array, start: number): number {
  try {
    const end = valueEnd(line, start);
    const next = line[skipSpace(line, end)];
    if (next === CLOSE_BRACE || next === COMMA) return end;
  } catch {
    // Not JSON: handled below.
  }
  return line.lastIndexOf(CLOSE_BRACE);
}

function debugOf(info: Uint8Array | undefined): string | undefined {
  if (!info) return undefined;
  const text = decoder.decode(info);
  try {
    const { debug } = JSON.parse(text) as { debug?: unknown };
    return typeof debug === "string" ? debug : undefined;
  } catch {
    return quotedBehind('"debug"', text);
  }
}

/** What stands between the quote behind `name` and the last quote, where the escapes of a server do not fit. */
function quotedBehind(name: string, text: string): string | undefined {
  const named = text.indexOf(name);
  const start = named === -1 ? -1 : text.indexOf('"', named + name.length);
  const end = text.lastIndexOf('"');
  return start !== -1 && end > start ? text.slice(start + 1, end) : undefined;
}

/**
 * The bytes of each event of an array, one after the other, without white space around them. An event may be no JSON: nothing but
 * texts and brackets is followed. Where the array cannot be divided any further, the rest of it is one event.
 * @throws {BatchLineError} if it does not begin as an array
 */
export function* eachEvent(events: Uint8Array): Generator<Uint8Array, void, undefined> {
  let at = skipSpace(events, demand(events, skipSpace(events, 0), OPEN_BRACKET));
  while (events[at] !== CLOSE_BRACKET) {
    const end = eventEnd(events, at);
    yield events.subarray(at, spaceBefore(events, end));
    if (end >= events.length - 1) return;
    at = skipSpace(events, end);
    if (events[at] === COMMA) at = skipSpace(events, at + 1);
  }
}

/** Where an event ends that is followed by another one or by the end of the array; else where the rest of the array does. */
function eventEnd(events: Uint8Array, start: number): number {
  const rest = events.length - (events[events.length - 1] === CLOSE_BRACKET ? 1 : 0);
  try {
    const end = valueEnd(events, start);
    const next = skipSpace(events, end);
    const goesOn = events[next] === COMMA || (events[next] === CLOSE_BRACKET && next === events.length - 1);
    return goesOn ? end : rest;
  } catch (error) {
    if (error instanceof BatchLineError) return rest;
    throw error;
  }
}

function spaceBefore(events: Uint8Array, end: number): number {
  let at = end;
  for (let byte = events[at - 1]; byte === 32 || byte === 9 || byte === 13; byte = events[at - 1]) at -= 1;
  return at;
}

function demand(line: Uint8Array, at: number, byte: number): number {
  if (line[at] !== byte) throw new BatchLineError("A line is not a JSON object.");
  return at + 1;
}

function startsWith(line: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i += 1) if (line[at + i] !== bytes[i]) return false;
  return true;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
