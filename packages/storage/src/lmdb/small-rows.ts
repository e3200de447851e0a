/**
 * Which rows are worth merging: a row costs more to find than a small event does to read, so a producer that sends its events
 * one by one would make slow reading.
 * @pure
 */

/** Values of so many bytes are read as fast in a row of their own. */
const SMALL_BYTES = 4 * 1024;
/** What a merged row holds at most. */
const MAX_ROWS = 128;
const MAX_BYTES = 64 * 1024;
/** Less is not worth a write. */
const MIN_ROWS = 16;
/** Retention takes whole rows, so its events should be of nearly the same age. */
const MAX_SPAN_MS = 60_000;

export interface DurableRow {
  first: number;
  last: number;
  timestampMs: number;
  /** Of all values. */
  bytes: number;
}

/** Rows that follow one another without a gap. */
export interface Run {
  first: number;
  last: number;
}

export class SmallRows {
  #run: Run | undefined;
  #rows = 0;
  #bytes = 0;
  #startMs = 0;

  /** Takes each durable row in its order, and says what should be merged now. */
  add(row: DurableRow): Run | undefined {
    const isSmall = row.bytes <= SMALL_BYTES;
    const fits =
      this.#run?.last === row.first - 1 &&
      Math.abs(row.timestampMs - this.#startMs) <= MAX_SPAN_MS &&
      this.#bytes + row.bytes <= MAX_BYTES;
    const ended = isSmall && fits ? undefined : this.#end();
    if (!isSmall) return ended;
    this.#run = { first: this.#run?.first ?? row.first, last: row.last };
    if (this.#rows === 0) this.#startMs = row.timestampMs;
    this.#rows += 1;
    this.#bytes += row.bytes;
    return ended ?? (this.#rows === MAX_ROWS ? this.#end() : undefined);
  }

  #end(): Run | undefined {
    const run = this.#rows >= MIN_ROWS ? this.#run : undefined;
    this.#run = undefined;
    [this.#rows, this.#bytes] = [0, 0];
    return run;
  }
}
