/**
 * What a read has found so far: frames from an offset on, as many as it asked for.
 * @pure
 */
import type { Frame } from "../ports.ts";

export class SliceBuilder {
  readonly frames: Frame[] = [];
  /** Where the read goes on. */
  next: number;
  /** Nothing more is wanted. */
  full = false;
  #bytes: number;
  #records: number;

  constructor(next: number, max: { bytes: number; records: number }) {
    this.next = next;
    this.#bytes = max.bytes;
    this.#records = max.records;
  }

  /** Bytes of values that are still wanted. */
  get wantedBytes(): number {
    return this.#bytes;
  }

  get wantedRecords(): number {
    return this.#records;
  }

  /**
   * The frame that holds `next`. Says whether the one behind it is wanted too.
   * @param last offset that it stands for: compaction may have taken that of its last records
   * @param bytes of all its values
   */
  add(frame: Frame, last: number, bytes: number = valueBytes(frame)): boolean {
    const skip = frame.offsets.findIndex((offset) => offset >= this.next);
    if (skip < 0) {
      this.next = last + 1;
      return true;
    }
    const cut = cutFrame(frame, bytes, skip, { bytes: this.#bytes, records: this.#records }, this.frames.length === 0);
    if (!cut) {
      this.full = true;
      return false;
    }
    this.frames.push(cut);
    const whole = lastOf(cut) === lastOf(frame);
    this.next = (whole ? last : lastOf(cut)) + 1;
    this.#records -= cut.records.length;
    this.#bytes -= cut === frame ? bytes : valueBytes(cut);
    this.full = !whole || this.#records <= 0 || this.#bytes <= 0;
    return !this.full;
  }
}

/**
 * The records of a frame behind the first `skip` that fit: the frame itself if that is all, `undefined` if that is none.
 * @param bytes of all values of the frame
 */
function cutFrame(
  frame: Frame,
  bytes: number,
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
    first: offsets[skip] ?? frame.first,
    timestampMs,
    offsets: offsets.slice(skip, end),
    records: records.slice(skip, end),
  };
}

export function lastOf(frame: Frame): number {
  return frame.offsets.at(-1) ?? frame.first;
}

export function valueBytes({ records }: Frame): number {
  let bytes = 0;
  for (const { value } of records) bytes += value?.byteLength ?? 0;
  return bytes;
}
