/**
 * Limits the average number of events that begin in a second. A batch is not divided for it: an excess delays what follows.
 * @pure
 */
export class RateLimit {
  readonly #perSecond: number;
  /** Events that may begin now; at most a second's worth. */
  #balance: number;
  #atMs: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#balance = perSecond;
  }

  /** Milliseconds until a part may begin; 0: now. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#balance > 0 ? 0 : Math.max(1, Math.ceil(((1 - this.#balance) * 1_000) / this.#perSecond));
  }

  spend(events: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#balance -= events;
  }

  #refill(nowMs: number): void {
    const passedMs = nowMs - (this.#atMs ?? nowMs);
    this.#atMs = nowMs;
    this.#balance = Math.min(this.#perSecond, this.#balance + (passedMs * this.#perSecond) / 1_000);
  }
}
