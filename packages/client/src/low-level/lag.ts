/** The lag of positions, in events and in seconds. */
import type { PartitionCursor, SubscriptionEventTypeStats } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import { eventTimeMs, type TimePosition } from "./log-position.ts";
import type { PositionParts } from "./positions.ts";

export interface PartitionLag {
  readonly event_type: string;
  readonly partition: string;
  /** Offsets up to the newest event. `undefined` before a subscription's positions are fixed. */
  readonly events: number | undefined;
  /** Age of the next event in seconds; 0 at the end. `undefined` if the event has no time. */
  readonly seconds: number | undefined;
}

export interface LagParts extends PositionParts {
  eventTypes: EventTypes;
  nowMs: () => number;
}

export interface LagOptions {
  /** The time of an event. Default: its `metadata.received_at`. */
  of?: TimePosition["of"];
  signal?: AbortSignal;
}

/** The lag from a subscription's statistics with time lags. */
export function lagOfStats(stats: readonly SubscriptionEventTypeStats[]): PartitionLag[] {
  return stats.flatMap(({ event_type, partitions }) =>
    partitions.map(({ partition, unconsumed_events, consumer_lag_seconds }) => ({
      event_type,
      partition,
      events: unconsumed_events,
      seconds: consumer_lag_seconds,
    })),
  );
}

/** The lag of positions of one event type, in their order. */
export async function lagOfCursors(
  { eventTypes, eventAfter, nowMs }: LagParts,
  eventType: string,
  cursors: readonly PartitionCursor[],
  { of, signal = new AbortController().signal }: LagOptions = {},
): Promise<PartitionLag[]> {
  const lags = await eventTypes.lag(eventType, cursors, { signal });
  const found: PartitionLag[] = [];
  for (const [index, cursor] of cursors.entries()) {
    const lag = lags[index];
    const events = lag?.unconsumed_events ?? 0;
    const end = { partition: cursor.partition, offset: lag?.newest_available_offset ?? cursor.offset };
    const next = events > 0 ? await eventAfter(eventType, cursor, end, signal) : undefined;
    const cameMs = next === undefined ? undefined : eventTimeMs(next, of);
    const seconds = cameMs === undefined ? undefined : Math.max(0, (nowMs() - cameMs) / 1_000);
    found.push({ event_type: eventType, partition: cursor.partition, events, seconds: events > 0 ? seconds : 0 });
  }
  return found;
}
