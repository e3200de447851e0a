/**
 * Sessions in a row that came to nothing: batches came and no position moved, or the stream ended at once without a batch.
 * @pure
 */
import { USEFUL_LIFE_MS } from "../../stream/session-machine.ts";

export class SessionsInVain {
  #count = 0;
  /** The stream that is open. */
  #open: { sinceMs: number; batches: boolean } | undefined;

  opened(nowMs: number): void {
    this.#open = { sinceMs: nowMs, batches: false };
  }

  batch(): void {
    if (this.#open) this.#open.batches = true;
  }

  /** A position moved, in this session or in an earlier one. */
  progressed(): void {
    this.#count = 0;
    if (this.#open) this.#open.batches = false;
  }

  ended(nowMs: number): void {
    const open = this.#open;
    if (!open) return;
    this.#count = this.count(nowMs);
    this.#open = undefined;
    if (open.batches || nowMs - open.sinceMs < USEFUL_LIFE_MS) this.#count += 1;
  }

  /** How many; a stream that stays open and quiet ends the row. */
  count(nowMs: number): number {
    const { sinceMs, batches } = this.#open ?? { sinceMs: nowMs, batches: false };
    return !batches && nowMs - sinceMs >= USEFUL_LIFE_MS ? 0 : this.#count;
  }
}
