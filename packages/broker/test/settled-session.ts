/** The driver of a subscription session over a log in memory: what is due is carried out, what is wanted is read at once. */
import type { PartitionKey } from "nakadi-storage";
import type { SessionOutput, SubscriptionSession } from "../src/streaming/session/subscription-session.ts";
import type { StreamRecord } from "../src/streaming/reading/record-buffer.ts";

/** The offset text of an ordinal in tests of sessions. */
export const textOf = (ordinal: number): string => String(ordinal);

/** The events from one ordinal up to another, exclusive. */
export function recordsBetween(from: number, to: number, timestampMs = 0): StreamRecord[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => {
    return { ordinal: from + at, timestampMs, value: new Uint8Array(8) };
  });
}

interface Surroundings {
  nowMs: number;
  writable?: boolean;
  /** Number of events in a partition's log. */
  lengthOf: (partition: PartitionKey) => number;
}

/** Runs the session until nothing more is due at this instant. */
export function settleSession(
  session: SubscriptionSession,
  { nowMs, writable = true, lengthOf }: Surroundings,
  onOutput: (output: SessionOutput) => void,
): void {
  for (;;) {
    for (const output of session.advance(nowMs, writable)) onOutput(output);
    const ready = session.wanted().filter(({ partition, from }) => from < lengthOf(partition));
    if (ready.length === 0) return;
    for (const { partition, from, records } of ready) {
      const next = Math.min(from + records, lengthOf(partition));
      session.received(partition, from, { records: recordsBetween(from, next, nowMs), next });
    }
  }
}
