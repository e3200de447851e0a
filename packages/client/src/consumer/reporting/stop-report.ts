/**
 * What a consumer handled, and the batches that it left uncommitted.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";

/** Why a batch was not committed. The server redelivers it to the next stream that owns its partition. */
export type AbandonedBecause =
  /** No handler was called with it. */
  | "not-begun"
  /** Its handler had failed, or had not returned when the time was over. */
  | "not-done"
  /** It is done, but held back by the outcome `hold`, or by an earlier batch of its lane that is not done. */
  | "held"
  /** It is done, but its commit was not answered. */
  | "not-committed";

export interface Abandoned {
  lane: EventTypePartition;
  offset: string;
  because: AbandonedBecause;
}

export interface StopReport {
  /** Batches that were done. */
  batches: number;
  /** Events in them. */
  events: number;
  /** Events among them that no handler could handle: skipped, or delivered to the dead-letter sink. */
  skipped: number;
  deadLetters: number;
  /** Cursors that the server committed. */
  committed: number;
  /** Batches that will be redelivered. Empty after a clean stop. */
  abandoned: readonly Abandoned[];
  /** Whether every begun batch ended in time. */
  drained: boolean;
}
