/**
 * From places in a log to cursors. Offsets are opaque, so distances are measured and positions moved by the server
 * (protocol 5.8), and a time is found by bisection: the event behind a position is read to see when it came.
 */
import type { CursorPair, PartitionCursor } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import { ConfigError, NakadiError } from "../errors/nakadi-error.ts";
import { bisect } from "./bisect.ts";
import { eventTimeMs, type LogPosition, type TimePosition, timeMs } from "./log-position.ts";

export interface PositionOptions {
  /** Default: all partitions. */
  partitions?: readonly string[];
  signal?: AbortSignal;
}

export interface PositionParts {
  eventTypes: EventTypes;
  /** The first event behind `cursor`, no further than `end`; `undefined` where there is none. */
  eventAfter: (
    eventType: string,
    cursor: PartitionCursor,
    end: PartitionCursor,
    signal: AbortSignal,
  ) => Promise<unknown>;
}

/** Partitions whose times are looked for at once; each look needs a connection. */
const AT_ONCE = 4;
export const BEGIN = "BEGIN";

/** One cursor for each partition that is meant. */
export async function positionsOf(
  parts: PositionParts,
  eventType: string,
  at: LogPosition,
  { partitions: wanted, signal }: PositionOptions = {},
): Promise<PartitionCursor[]> {
  if (isCursors(at)) return at.filter(({ partition }) => wanted?.includes(partition) ?? true);
  const options = signal ? { signal } : {};
  const all = await parts.eventTypes.partitions(eventType, options);
  for (const partition of wanted ?? []) {
    if (!all.some((one) => one.partition === partition)) {
      const allowed = all.map((one) => one.partition).join(", ");
      throw new ConfigError("options.partitions", `of ${eventType}: ${allowed}`);
    }
  }
  const ends = all
    .filter(({ partition }) => wanted?.includes(partition) ?? true)
    .map(({ partition, newest_available_offset: offset }) => ({ partition, offset }));
  if (at === "end") return ends;
  if (at === "begin") return ends.map(beginOf);
  const pairs: CursorPair[] = ends.map((end) => ({ initial_cursor: beginOf(end), final_cursor: end }));
  const counts = (await parts.eventTypes.distances(eventType, pairs, options)).map(({ distance }) => distance);
  const before = (end: PartitionCursor, offsets: number): Promise<PartitionCursor> =>
    parts.eventTypes.shift(eventType, [{ ...end, shift: -offsets }], options).then(([cursor]) => cursor ?? end);
  if ("last" in at) {
    const last = ends.map((end, index) => ({ ...end, shift: -Math.min(at.last, counts[index] ?? 0) }));
    return parts.eventTypes.shift(eventType, last, options);
  }
  const search = (end: PartitionCursor, count: number, stop: AbortSignal): Promise<PartitionCursor> =>
    bisect(count, async (n) => isBefore(parts, eventType, await before(end, count - n), end, at, stop)).then((passed) =>
      before(end, count - passed),
    );
  return someAtOnce(
    ends.map((end, index) => (stop: AbortSignal) => search(end, counts[index] ?? 0, stop)),
    signal,
  );
}

/** Whether what lies behind the cursor came before the time. What retention has taken away did. */
async function isBefore(
  { eventAfter }: PositionParts,
  eventType: string,
  cursor: PartitionCursor,
  end: PartitionCursor,
  { time, of }: TimePosition,
  signal: AbortSignal,
): Promise<boolean> {
  let event: unknown;
  try {
    event = await eventAfter(eventType, cursor, end, signal);
  } catch (error) {
    if (NakadiError.is(error) && error.code === "CURSOR_EXPIRED") return true;
    throw error;
  }
  if (event === undefined) return false;
  const at = eventTimeMs(event, of);
  if (at !== undefined) return at < timeMs("time", time);
  throw new ConfigError(
    "of",
    `a function that says when an event of ${eventType} came: it has no metadata.received_at`,
  );
}

/** The first failure stops the others. */
async function someAtOnce<T>(
  work: readonly ((stop: AbortSignal) => Promise<T>)[],
  signal: AbortSignal | undefined,
): Promise<T[]> {
  const failed = new AbortController();
  const stop = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  const results: T[] = [];
  const waiting = [...work.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !stop.aborted; next = waiting.shift())
      results[next[0]] = await next[1](stop);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  signal?.throwIfAborted();
  return results;
}

function beginOf({ partition }: PartitionCursor): PartitionCursor {
  return { partition, offset: BEGIN };
}

export function isCursors(at: LogPosition): at is readonly PartitionCursor[] {
  return Array.isArray(at);
}
