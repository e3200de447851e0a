/**
 * How many a second, over the last few seconds.
 * @pure
 */
const WINDOW_MS = 5_000;

export class Speed {
  #total = 0;
  readonly #startedMs: number;
  /** Totals at times within the window, oldest first. */
  #marks: { atMs: number; total: number }[];

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#marks = [{ atMs: nowMs, total: 0 }];
  }

  get total(): number {
    return this.#total;
  }

  add(count: number): void {
    this.#total += count;
  }

  /** Of the last seconds before now; each call makes a mark for the calls to come. */
  recent(nowMs: number): number {
    const first = this.#marks.findLastIndex(({ atMs }) => atMs <= nowMs - WINDOW_MS);
    this.#marks = this.#marks.slice(Math.max(0, first));
    const [oldest = { atMs: nowMs, total: this.#total }] = this.#marks;
    this.#marks.push({ atMs: nowMs, total: this.#total });
    return perSecond(this.#total - oldest.total, nowMs - oldest.atMs);
  }

  average(nowMs: number): number {
    return perSecond(this.#total, nowMs - this.#startedMs);
  }
}

function perSecond(count: number, ms: number): number {
  return ms > 0 ? (count * 1_000) / ms : 0;
}
