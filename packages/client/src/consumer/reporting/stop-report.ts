/**
 * What a consumer did in its life, and what it left for the next one.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";

/** Why a batch was not committed: the server sends it again, to whoever reads its partition next. */
export type AbandonedBecause =
  /** No handler has seen it. */
  | "not-begun"
  /** Its handler had not come to an end when the time was over, or had failed. */
  | "not-done"
  /** It is done, but held back by a handler, or by an earlier batch of its lane that is not. */
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
  /** Events among them that no handler could handle: skipped, or in the sink. */
  skipped: number;
  deadLetters: number;
  /** Positions that the server took. */
  committed: number;
  /** What comes again. Empty after a clean stop. */
  abandoned: readonly Abandoned[];
  /** Whether everything that had begun came to an end in time. */
  drained: boolean;
}
