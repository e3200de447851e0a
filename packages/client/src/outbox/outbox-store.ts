/**
 * The port of an outbox to the program's own database. The program writes a row in the same transaction as the change that the
 * event reports; the store removes it when Nakadi has stored the event.
 * @pure
 */
import type { PublishingStep } from "nakadi-protocol";

/** The store's own object with these two members at least; the settlement holds the same objects. */
export interface OutboxRow {
  readonly eventType: string;
  /**
   * The event to publish: an object, or the result of `rawEvent`. Events of categories `business` and `data` need an `eid`, as
   * `businessEvents` and `dataChanges` set it: an event that is published again after a crash then has the same `eid`.
   */
  readonly event: object;
}

export interface RejectedRow<R> {
  readonly row: R;
  /** The step at which Nakadi refused the event; `undefined` where the answer does not say. */
  readonly step: PublishingStep | undefined;
  /** The reason; it may quote the event. */
  readonly detail: string | undefined;
}

/** Each claimed row is in exactly one of the three lists. */
export interface Settlement<R> {
  /** Nakadi has stored the events. */
  readonly published: readonly R[];
  /**
   * Nakadi will never accept the events: set the rows aside for an operator. An event of a row that an earlier claim kept may be
   * stored nevertheless.
   */
  readonly rejected: readonly RejectedRow<R>[];
  /** The outcome is unknown, or the failure is temporary: the next claim begins with these rows. */
  readonly kept: readonly R[];
}

export interface OutboxStore<R extends OutboxRow = OutboxRow> {
  /**
   * Claims the oldest rows that are not set aside, calls `work` with them in the order in which they were written, and applies the
   * settlement, durably and in one transaction: it removes published rows, sets rejected rows aside and leaves kept rows.
   *
   * While rows are claimed, no other claim may get rows, because later rows must not overtake them. A claim ends when the call
   * ends or its process dies; use a lock of the database, or a lease that is longer than `work` takes
   * (`publisher.retry.maxElapsedMs` and a few seconds). Rows whose settlement was not applied are published again. Where there is
   * nothing to claim, `work` is not called.
   * @param limit rows at most
   */
  claim(limit: number, work: (rows: readonly R[]) => Promise<Settlement<R>>): Promise<void>;
}
