/**
 * Keeps our own work from holding the event loop: after some milliseconds in one turn, the rest is done in the next. By the
 * machine's own time, whatever the clock: a loop that is held is held.
 */

/** Half of what nobody should notice, for a single step may take as long again. */
const TURN_MS = 10;

export class LoopBudget {
  #startedMs: number | undefined;

  /** Whether what is left should wait for the next turn. */
  get spent(): boolean {
    const nowMs = performance.now();
    if (this.#startedMs === undefined) {
      this.#startedMs = nowMs;
      setImmediate(() => (this.#startedMs = undefined));
    }
    return nowMs - this.#startedMs >= TURN_MS;
  }

  /** Resolves in the next turn of the loop, when timers and sockets had theirs. */
  nextTurn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
