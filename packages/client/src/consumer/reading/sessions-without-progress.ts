/**
 * Counts sessions in a row without progress: batches came and no position advanced, or the stream ended early without a batch.
 * @pure
 */
import { USEFUL_LIFE_MS } from "../../stream/session-machine.ts";

export class SessionsWithoutProgress {
  #count = 0;
  /** The stream that is open. */
  #open: { sinceMs: number; batches: boolean } | undefined;

  opened(nowMs: number): void {
    this.#open = { sinceMs: nowMs, batches: false };
  }

  batchReceived(): void {
    if (this.#open) this.#open.batches = true;
  }

  /** A position advanced, of this session or an earlier one. */
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

  /** The number of such sessions; a stream that stays open without batches resets it. */
  count(nowMs: number): number {
    const { sinceMs, batches } = this.#open ?? { sinceMs: nowMs, batches: false };
    return !batches && nowMs - sinceMs >= USEFUL_LIFE_MS ? 0 : this.#count;
  }
}
