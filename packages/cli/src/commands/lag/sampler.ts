/** Takes samples of one subscription. */
import {
  type Cursor,
  type CursorDistance,
  type CursorPair,
  HttpError,
  type NakadiClient,
  type SubscriptionEventTypeStats,
} from "nakadi-client";
import { type PartitionSample, type Sample, sameLane } from "./measure.ts";

export class Sampler {
  readonly #nakadi: NakadiClient;
  readonly #id: string;
  #cursors: readonly Cursor[] = [];

  constructor(nakadi: NakadiClient, subscription: string) {
    this.#nakadi = nakadi;
    this.#id = subscription;
  }

  async take(signal: AbortSignal): Promise<Sample> {
    const [stats, cursors] = await Promise.all([
      this.#nakadi.subscriptions.stats(this.#id, { timeLag: true, signal }),
      this.#nakadi.subscriptions.cursors(this.#id, { signal }),
    ]);
    const atMs = performance.now();
    const committed = await this.#committedSince(cursors, signal);
    this.#cursors = cursors;
    return { atMs, partitions: stats.flatMap((one) => samplesOf(one, committed)) };
  }

  /** The server measures: offsets mean nothing to us, and lie in several timelines. */
  async #committedSince(cursors: readonly Cursor[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const committed = new Map<string, number>();
    for (const eventType of new Set(cursors.map(({ event_type }) => event_type))) {
      const moved = cursors.flatMap((now) => {
        const before = now.event_type === eventType && this.#cursors.find((one) => sameLane(laneOf(one), laneOf(now)));
        return before ? [{ initial_cursor: before, final_cursor: now }] : [];
      });
      if (moved.length === 0) continue;
      const distances = await this.#distances(eventType, moved, signal);
      for (const { final_cursor, distance } of distances) {
        committed.set(`${eventType}:${final_cursor.partition}`, distance);
      }
    }
    return committed;
  }

  /** Nothing where a position is gone by now: a subscription that was reset, or whose events have expired. */
  async #distances(
    eventType: string,
    moved: readonly CursorPair[],
    signal: AbortSignal,
  ): Promise<readonly CursorDistance[]> {
    try {
      return await this.#nakadi.eventTypes.distances(eventType, moved, { signal });
    } catch (error) {
      if (error instanceof HttpError && error.status === 422) return [];
      throw error;
    }
  }
}

function laneOf({ event_type, partition }: Cursor): { eventType: string; partition: string } {
  return { eventType: event_type, partition };
}

function samplesOf(
  { event_type: eventType, partitions }: SubscriptionEventTypeStats,
  committed: ReadonlyMap<string, number>,
): PartitionSample[] {
  const byNumber = [...partitions].sort((a, b) => a.partition.localeCompare(b.partition, "en", { numeric: true }));
  return byNumber.map(({ partition, state, stream_id, unconsumed_events, consumer_lag_seconds }) => ({
    eventType,
    partition,
    state,
    streamId: stream_id,
    // Some servers write null for what they do not know.
    unconsumed: unconsumed_events ?? undefined,
    timeLagSeconds: consumer_lag_seconds ?? undefined,
    committed: committed.get(`${eventType}:${partition}`),
  }));
}
