/**
 * Time as a parameter: code that waits or measures takes a clock, so that a minute is tested in a millisecond.
 * @pure
 */

/** A task that waits for its time. Cancelling one that has run or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970, for what people read. May jump. */
  wallMs(): number;
  /** Milliseconds since some instant, for deadlines. Never goes back. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs` (0 or more). Does not keep the process alive. */
  schedule(delayMs: number, task: () => void): Timer;
}

interface Waiting {
  atMs: number;
  order: number;
  task: () => void;
}

/** A clock that moves only by `advance`. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #wallOffsetMs: number;
  readonly #waiting = new Set<Waiting>();

  constructor(startWallMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startWallMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Tasks that wait for their time. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** How long until the next task is due; `undefined` if none waits. */
  get nextInMs(): number | undefined {
    const next = this.#next();
    return next && Math.max(0, next.atMs - this.#nowMs);
  }

  schedule(delayMs: number, task: () => void): Timer {
    const waiting = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  /** Moves time on and runs what falls due, in order, each task at its own time. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let next = this.#next(); next && next.atMs <= untilMs; next = this.#next()) {
      this.#waiting.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.task();
    }
    this.#nowMs = untilMs;
  }

  /** Sets the wall clock forward or back without any time passing. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  #next(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (!first || waiting.atMs < first.atMs || (waiting.atMs === first.atMs && waiting.order < first.order))
        first = waiting;
    }
    return first;
  }
}

/** The machine's own clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, task) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const next = leftMs > MAX_TIMEOUT_MS ? (): void => wait(leftMs - MAX_TIMEOUT_MS) : task;
      timer = setTimeout(next, Math.min(leftMs, MAX_TIMEOUT_MS));
      timer.unref();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** `setTimeout` fires at once for anything longer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
