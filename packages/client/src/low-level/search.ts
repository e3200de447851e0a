/** Searches all partitions of an event type in a range of the log. It commits nothing and takes no slot of a subscription. */
import type { PartitionCursor } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import { ConfigError, UnreadableEventError } from "../errors/nakadi-error.ts";
import { abortSignal, functionOrNone, knownMembers, wholeNumber } from "../options/checks.ts";
import type { Batch } from "../stream/batch.ts";
import { parsedEvents, UNREADABLE } from "../stream/event-parsing.ts";
import type { BatchStream } from "../stream/batch-stream.ts";
import type { ReadingOptions } from "../stream/reading-options.ts";
import { checkedPosition, eventTimeMs, type LogPosition, timeMs } from "./log-position.ts";
import type { EventTypeStreamOptions, ReadingProgress } from "./options.ts";
import { isCursors } from "./positions.ts";

export interface SearchProgress extends ReadingProgress {
  /** Events that were compared. */
  readonly searched: number;
  readonly found: number;
}

export interface SearchOptions extends Pick<ReadingOptions, "retry" | "onRetry" | "onHealthy"> {
  /** Start of the range. Default `begin`. */
  from?: LogPosition;
  /** End of the range. Default `end`, at the time of the call. */
  until?: LogPosition;
  /** Partitions to search. Default: all. */
  partitions?: readonly string[];
  /** Events of a batch at most, 1 or more. Default 500. */
  batchLimit?: number;
  /** Called about once a second, and at the end. */
  onProgress?: (progress: SearchProgress) => void;
  /** Called for each event that is not JSON; it matches nothing. Default: a warning of the logger. */
  onUnreadable?: (error: UnreadableEventError) => void;
  signal?: AbortSignal;
}

export interface Found<E = unknown> {
  readonly event: E;
  /** The bytes of the event, as the server sent them. */
  readonly raw: Uint8Array;
  /** The position of the event; reading from it continues after the event. In compacted logs it may be a later offset of the batch. */
  readonly cursor: PartitionCursor;
}

export interface SearchParts {
  eventTypes: EventTypes;
  stream: <E>(eventType: string, options: EventTypeStreamOptions) => BatchStream<E>;
  /** Calls an observer. */
  tell: (call: () => unknown) => void;
  /** Called for an event that is not JSON, if there is no observer. */
  warn: (error: UnreadableEventError) => void;
}

const NAMES: readonly (keyof SearchOptions)[] = [
  "from",
  "until",
  "partitions",
  "batchLimit",
  "onProgress",
  "onUnreadable",
  "signal",
  "retry",
  "onRetry",
  "onHealthy",
];
const DEFAULT_BATCH_LIMIT = 500;
const NO_BYTES = new Uint8Array();

/** In the order of each partition; partitions as they come. @throws {ConfigError} at once */
export function search<E>(
  parts: SearchParts,
  eventType: string,
  matches: (event: E, raw: Uint8Array) => boolean,
  options: SearchOptions,
): AsyncGenerator<Found<E>, void, undefined> {
  knownMembers("options", options, NAMES);
  if (typeof matches !== "function") throw new ConfigError("matches", "a function that takes an event");
  const { partitions, onProgress, onUnreadable = parts.warn, signal, retry, onRetry, onHealthy } = options;
  const from = checkedPosition("options.from", options.from ?? "begin");
  const until = checkedPosition("options.until", options.until ?? "end");
  functionOrNone("options.onProgress", onProgress);
  functionOrNone("options.onUnreadable", onUnreadable);
  abortSignal("options.signal", signal);
  const batchLimit = wholeNumber("options.batchLimit", options.batchLimit, { min: 1 }, DEFAULT_BATCH_LIMIT);
  const inRange = timeFilter(from, until);
  let [searched, found] = [0, 0];
  let latest: ReadingProgress | undefined;
  const stream = (): BatchStream<E> =>
    parts.stream<E>(eventType, {
      from,
      until,
      batchLimit,
      // Events that retention removes during the search are skipped.
      expired: "oldest",
      ...(partitions && { partitions }),
      ...(retry && { retry }),
      ...(onRetry && { onRetry }),
      ...(onHealthy && { onHealthy }),
      ...(onProgress && {
        onProgress: (progress) => {
          latest = progress;
          return onProgress({ ...progress, searched, found });
        },
      }),
    });
  return (async function* (): AsyncGenerator<Found<E>, void, undefined> {
    const reading = stream();
    try {
      for (;;) {
        const batch = await reading.nextBatch(signal ? { signal } : {});
        if (!batch) break;
        const events = parsedEvents<E>(batch.raw);
        searched += events.length;
        const hits: [index: number, event: E][] = [];
        for (const [index, event] of events.entries()) {
          if (event === UNREADABLE) parts.tell(() => onUnreadable(new UnreadableEventError(batch.cursor, index)));
          else if (inRange(event) && matches(event, batch.raws[index] ?? NO_BYTES)) hits.push([index, event]);
        }
        const places = await located(parts.eventTypes, eventType, batch, events.length, hits, signal);
        const inside = await notBeyond(parts.eventTypes, eventType, until, places, signal);
        found += inside.length;
        yield* inside;
      }
      // The stream reported its last progress before the last batch was searched.
      const last = latest && { ...latest, searched, found };
      if (last) parts.tell(() => onProgress?.(last));
    } finally {
      await reading.close();
    }
  })();
}

/** The cursor of a batch is that of its last event; each earlier event is one offset before the next. */
async function located<E>(
  eventTypes: EventTypes,
  eventType: string,
  { cursor: { partition, offset }, raws }: Batch<E>,
  count: number,
  hits: readonly (readonly [index: number, event: E])[],
  signal: AbortSignal | undefined,
): Promise<Found<E>[]> {
  if (hits.length === 0) return [];
  const shifts = hits.map(([index]) => ({ partition, offset, shift: index + 1 - count }));
  const cursors = await eventTypes.shift(eventType, shifts, signal ? { signal } : {});
  return hits.flatMap(([index, event], at) => {
    const [cursor, raw] = [cursors[at], raws[index]];
    return cursor && raw ? [{ event, cursor, raw }] : [];
  });
}

/** A batch may extend beyond the end cursors; the server measures which events do. */
async function notBeyond<E>(
  eventTypes: EventTypes,
  eventType: string,
  until: LogPosition,
  found: readonly Found<E>[],
  signal: AbortSignal | undefined,
): Promise<readonly Found<E>[]> {
  if (!isCursors(until) || found.length === 0) return found;
  const pairs = found.map(({ cursor }) => ({
    initial_cursor: cursor,
    final_cursor: until.find(({ partition }) => partition === cursor.partition) ?? cursor,
  }));
  const distances = await eventTypes.distances(eventType, pairs, signal ? { signal } : {});
  return found.filter((_one, at) => (distances[at]?.distance ?? 0) >= 0);
}

/** A batch may extend beyond the range, and the clocks of several servers may differ. */
function timeFilter(from: LogPosition, until: LogPosition): (event: unknown) => boolean {
  const bound = (
    at: LogPosition,
    isInside: (ms: number, boundMs: number) => boolean,
  ): ((event: unknown) => boolean) => {
    if (typeof at === "string" || !("time" in at)) return () => true;
    const boundMs = timeMs("time", at.time);
    return (event) => {
      const ms = eventTimeMs(event, at.of);
      return ms === undefined || isInside(ms, boundMs);
    };
  };
  const [after, before] = [bound(from, (ms, first) => ms >= first), bound(until, (ms, end) => ms < end)];
  return (event) => after(event) && before(event);
}
