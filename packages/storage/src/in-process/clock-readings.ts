/**
 * The timestamps that the wall clock has given within a span of milliseconds, as the monotonic clock counts them.
 * Retention goes by them: a record whose timestamp was not given within its retention time is older, however the wall clock
 * was set within it.
 *
 * The readings are stretches: within one, the wall clock keeps its distance to the monotonic clock. Setting the wall clock
 * begins a stretch. So does the start of a process, because it is not known how much of the time before was real: time in
 * which no process ran does not count.
 * @pure
 */
import type { Clock } from "nakadi-protocol";

/** Milliseconds by which the wall clock may drift within a stretch: a range is too wide by twice that at most. */
const TOLERATED_DRIFT_MS = 1_000;
/** More are joined from the oldest on, which widens their ranges: records are kept longer, never shorter. */
const MAX_STRETCHES = 100;

/** The first and the last timestamp of a range. */
export interface TimestampRange {
  firstMs: number;
  lastMs: number;
}

interface Stretch {
  /** By the monotonic clock. */
  startMs: number;
  /** By how much the wall clock was ahead of the monotonic clock: the least and the most. */
  leastAheadMs: number;
  mostAheadMs: number;
}

/** The readings as JSON: for each stretch how long ago it began, and the least and the most that the wall clock showed. */
export type KeptReadings = readonly { agoMs: number; leastMs: number; mostMs: number }[];

export class ClockReadings {
  readonly #clock: Clock;
  readonly #onSet: () => void;
  readonly #stretches: Stretch[];
  /** By how much the wall clock was ahead when the last stretch began. */
  #aheadMs = 0;

  /**
   * @param kept the readings of earlier processes, as the last one has kept them
   * @param onSet called when the wall clock was set: what was kept is out of date
   */
  constructor(clock: Clock, kept: KeptReadings = [], onSet: () => void = () => undefined) {
    this.#clock = clock;
    this.#onSet = onSet;
    const nowMs = clock.monotonicMs();
    this.#stretches = kept.map(({ agoMs, leastMs, mostMs }) => {
      const startMs = nowMs - agoMs;
      return { startMs, leastAheadMs: leastMs - startMs, mostAheadMs: mostMs - startMs };
    });
    this.#begin(nowMs, clock.wallMs() - nowMs);
  }

  /** The timestamp of a record that is stored now, in whole milliseconds. */
  timestampMs(): number {
    const wallMs = this.#clock.wallMs();
    this.#note(wallMs);
    return wallMs;
  }

  /**
   * The timestamps that were given less than `withinMs` ago, as ranges. All timestamps where the readings do not reach back
   * so far: no record is known to be older then.
   */
  given(withinMs: number): readonly TimestampRange[] {
    this.#note(this.#clock.wallMs());
    let endMs = this.#clock.monotonicMs();
    const fromMs = endMs - withinMs;
    const ranges: TimestampRange[] = [];
    for (const { startMs, leastAheadMs, mostAheadMs } of this.#stretches.toReversed()) {
      const lastMs = Math.ceil(endMs + mostAheadMs);
      // What was given exactly then is too old already.
      if (startMs <= fromMs) return [...ranges, { firstMs: Math.floor(fromMs + leastAheadMs) + 1, lastMs }];
      ranges.push({ firstMs: Math.floor(startMs + leastAheadMs), lastMs });
      endMs = startMs;
    }
    return [{ firstMs: Number.NEGATIVE_INFINITY, lastMs: Number.POSITIVE_INFINITY }];
  }

  /**
   * For the next process.
   * @param forMs how long they are what is kept: timestamps that are given until then belong to them
   */
  kept(forMs: number): KeptReadings {
    this.#note(this.#clock.wallMs());
    const nowMs = this.#clock.monotonicMs();
    const last = this.#stretches.length - 1;
    return this.#stretches.map(({ startMs, leastAheadMs, mostAheadMs }, index) => {
      // Until it is kept again, the wall clock may drift either way.
      const [driftMs, moreMs] = index === last ? [TOLERATED_DRIFT_MS, forMs] : [0, 0];
      return {
        agoMs: nowMs - startMs,
        leastMs: startMs + leastAheadMs - driftMs,
        mostMs: startMs + mostAheadMs + driftMs + moreMs,
      };
    });
  }

  #note(wallMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const aheadMs = wallMs - nowMs;
    const last = this.#stretches.at(-1);
    if (!last || Math.abs(aheadMs - this.#aheadMs) > TOLERATED_DRIFT_MS) {
      this.#begin(nowMs, aheadMs);
      this.#onSet();
      return;
    }
    last.leastAheadMs = Math.min(last.leastAheadMs, aheadMs);
    last.mostAheadMs = Math.max(last.mostAheadMs, aheadMs);
  }

  #begin(startMs: number, aheadMs: number): void {
    this.#aheadMs = aheadMs;
    this.#stretches.push({ startMs, leastAheadMs: aheadMs, mostAheadMs: aheadMs });
    const [oldest, next] = this.#stretches;
    if (this.#stretches.length <= MAX_STRETCHES || !oldest || !next) return;
    this.#stretches.splice(0, 2, {
      startMs: oldest.startMs,
      leastAheadMs: Math.min(oldest.leastAheadMs, next.leastAheadMs),
      mostAheadMs: Math.max(oldest.mostAheadMs, next.mostAheadMs),
    });
  }
}

/** Whether a record is known to be older than the time whose timestamps are `given`. */
export function isBefore(timestampMs: number, given: readonly TimestampRange[]): boolean {
  return !given.some(({ firstMs, lastMs }) => timestampMs >= firstMs && timestampMs <= lastMs);
}
