/**
 * How long a stream may leave uncommitted what it has sent (protocol 3.9). There is one timer for all of its partitions:
 * it starts with the first event after everything was committed, and over with each commit that moves a partition on.
 * @pure
 */
export class CommitTimer {
  readonly #timeoutMs: number;
  #sinceMs: number;

  constructor(timeoutMs: number, nowMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#sinceMs = nowMs;
  }

  /** @param wasClear whether everything was committed before */
  sent(nowMs: number, wasClear: boolean): void {
    if (wasClear) this.#sinceMs = nowMs;
  }

  movedOn(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** When the time is up, if there is anything uncommitted. */
  get dueMs(): number {
    return this.#sinceMs + this.#timeoutMs;
  }
}
