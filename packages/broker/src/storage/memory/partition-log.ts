/**
 * The frames of one partition, in memory: found by binary search, dropped from the head. Offsets are consecutive from 0.
 * @pure
 */
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
    this.#frames.push({ frame, bytes: valueBytes(records), latestMs });
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
      const frame = cut(kept, next - kept.frame.first, { bytes, records }, frames.length === 0);
      if (!frame) break;
      frames.push(frame);
      next = lastOf(frame) + 1;
      if (next <= lastOf(kept.frame)) break;
      records -= frame.records.length;
      bytes -= frame === kept.frame ? kept.bytes : valueBytes(frame.records);
    }
    return { frames, next, oldest };
  }

  offsetAt(timestampMs: number): number {
    return this.#frames[this.#search(({ latestMs }) => latestMs >= timestampMs)]?.frame.first ?? this.#next;
  }

  /** Drops whole frames, from the oldest on, that were stored at `timestampMs` or earlier. */
  dropUntil(timestampMs: number): void {
    const before = this.#head;
    for (
      let kept = this.#frames[this.#head];
      kept && kept.frame.timestampMs <= timestampMs;
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

/** The records of a frame from `skip` on that fit: the frame itself if that is all, `undefined` if that is none. */
function cut(
  { frame, bytes }: Kept,
  skip: number,
  max: { bytes: number; records: number },
  atLeastOne: boolean,
): Frame | undefined {
  const { records, offsets, timestampMs } = frame;
  if (skip === 0 && bytes <= max.bytes && records.length <= max.records) return frame;
  let end = skip;
  let left = max.bytes;
  for (; end < records.length && end - skip < max.records; end++) {
    left -= records[end]?.value?.byteLength ?? 0;
    if (left < 0) break;
  }
  if (end === skip && atLeastOne) end++;
  if (end === skip) return undefined;
  return {
    first: frame.first + skip,
    timestampMs,
    offsets: offsets.slice(skip, end),
    records: records.slice(skip, end),
  };
}

function lastOf(frame: Frame): number {
  return frame.first + frame.records.length - 1;
}

function valueBytes(records: readonly NewRecord[]): number {
  let bytes = 0;
  for (const { value } of records) bytes += value?.byteLength ?? 0;
  return bytes;
}
