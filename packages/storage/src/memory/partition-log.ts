/**
 * The frames of one partition, in memory: found by binary search, dropped from the head. Offsets are consecutive from 0.
 * @pure
 */
import { cutFrame, lastOf, valueBytes } from "../cut-frame.ts";
import { isBefore } from "../in-process/clock-readings.ts";
import type { TimestampRange } from "../in-process/clock-readings.ts";
import type { Bounds, Frame, NewRecord, Slice } from "../ports.ts";

interface Kept {
  frame: Frame;
  /** Bytes of all values. */
  bytes: number;
  /** The latest timestamp up to here: ascends even where the wall clock went back, so that it can be searched. */
  latestMs: number;
}

export class PartitionLog {
  /** Slots before `#head` are empty. */
  #frames: (Kept | undefined)[] = [];
  #head = 0;
  #next = 0;

  get bounds(): Bounds {
    return { oldest: this.#frames[this.#head]?.frame.first ?? this.#next, next: this.#next };
  }

  append(records: readonly NewRecord[], timestampMs: number): Frame {
    const first = this.#next;
    const offsets = records.map((_, index) => first + index);
    const frame = { first, timestampMs, offsets, records };
    const latestMs = Math.max(timestampMs, this.#frames.at(-1)?.latestMs ?? timestampMs);
    this.#frames.push({ frame, bytes: valueBytes(frame), latestMs });
    this.#next = first + records.length;
    return frame;
  }

  read(from: number, max: { bytes: number; records: number }): Slice {
    const { oldest } = this.bounds;
    if (from >= this.#next) return { frames: [], next: from, oldest };
    const frames: Frame[] = [];
    let { bytes, records } = max;
    let next = Math.max(from, oldest);
    for (let index = this.#search(({ frame }) => lastOf(frame) >= from); ; index++) {
      const kept = this.#frames[index];
      if (!kept) break;
      const frame = cutFrame(kept.frame, kept.bytes, next - kept.frame.first, { bytes, records }, frames.length === 0);
      if (!frame) break;
      frames.push(frame);
      next = lastOf(frame) + 1;
      if (next <= lastOf(kept.frame)) break;
      records -= frame.records.length;
      bytes -= frame === kept.frame ? kept.bytes : valueBytes(frame);
    }
    return { frames, next, oldest };
  }

  offsetAt(timestampMs: number): number {
    return this.#frames[this.#search(({ latestMs }) => latestMs >= timestampMs)]?.frame.first ?? this.#next;
  }

  /** Drops whole frames, from the oldest on, that were stored before the time of `given`. */
  dropBefore(given: readonly TimestampRange[]): void {
    const before = this.#head;
    for (
      let kept = this.#frames[this.#head];
      kept && isBefore(kept.frame.timestampMs, given);
      kept = this.#frames[this.#head]
    ) {
      this.#frames[this.#head++] = undefined;
    }
    if (this.#head > before && this.#head * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Index of the first frame for which `found` holds, where it holds for all behind it too. */
  #search(found: (kept: Kept) => boolean): number {
    let low = this.#head;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const kept = this.#frames[middle];
      if (kept && !found(kept)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
