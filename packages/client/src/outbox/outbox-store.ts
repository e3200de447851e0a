/**
 * What an outbox asks of the program's own database. A row is written in the transaction whose events it holds, and goes when
 * Nakadi has them.
 * @pure
 */
import type { Settlement } from "./settlement.ts";

/** A row is an object of the store's own with these two members; the store gets back the same objects. */
export interface OutboxRow {
  readonly eventType: string;
  /**
   * The event as it is to be published: an object, or what `rawEvent` makes of its JSON. It needs an `eid` of its own where its category has metadata, as `businessEvents` and
   * `dataChanges` give it: what is sent again after a crash is then the same event.
   */
  readonly event: object;
}

export interface OutboxStore<R extends OutboxRow = OutboxRow> {
  /**
   * Claims the oldest rows that are not set aside, calls `work` with them in the order in which they were written, and carries out
   * what it resolves with, durably and as a whole: published rows go, rejected ones are set aside, kept ones stay.
   *
   * While rows are claimed nobody else gets any: rows behind must not overtake them. A claim ends with the call, and with the
   * process that made it, by a lock of the database or a lease that is longer than `work` may take (`publisher.retry.maxElapsedMs`
   * and a little more). What is not carried out is published again. Where there is nothing to claim, `work` is not called.
   * @param limit rows at most
   */
  claim(limit: number, work: (rows: readonly R[]) => Promise<Settlement<R>>): Promise<void>;
}
