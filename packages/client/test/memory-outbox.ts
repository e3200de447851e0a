/** An outbox without a database: rows in an array, and a store that can be broken. */
import type { OutboxRow, OutboxStore, RejectedRow, Settlement } from "../src/index.ts";

export class MemoryOutbox<R extends OutboxRow = OutboxRow> implements OutboxStore<R> {
  rows: R[] = [];
  readonly aside: RejectedRow<R>[] = [];
  /** The rows of each claim, in turn. */
  readonly claims: (readonly R[])[] = [];
  /** Thrown in turn: before the rows are read, or where what became of them should be kept. */
  readonly failures: { when: "reading" | "keeping"; error: unknown }[] = [];
  #busy = false;

  async claim(limit: number, work: (rows: readonly R[]) => Promise<Settlement<R>>): Promise<void> {
    const failure = this.failures.shift();
    if (failure?.when === "reading") throw failure.error;
    if (this.#busy || this.rows.length === 0) return;
    this.#busy = true;
    try {
      const claimed = this.rows.slice(0, limit);
      this.claims.push(claimed);
      const { published, rejected } = await work(claimed);
      if (failure) throw failure.error;
      const gone = new Set([...published, ...rejected.map(({ row }) => row)]);
      this.rows = this.rows.filter((row) => !gone.has(row));
      this.aside.push(...rejected);
    } finally {
      this.#busy = false;
    }
  }
}
