/**
 * The frames of one partition, in memory: found by binary search, dropped from the head. Offsets begin at 0
 * and have gaps where compaction was.
 * @pure
 */
import { firstIndex } from "../in-process/binary-search.ts";
import { isBefore } from "../in-process/clock-readings.ts";
import type { TimestampRange } from "../in-process/clock-readings.ts";
import type { NewestRecords } from "../in-process/newest-records.ts";
import { SliceBuilder, lastOf, valueBytes } from "../in-process/slice-builder.ts";
import type { Bounds, Frame, NewRecord, Slice } from "../ports.ts";

/** Records that compaction waits for. */
const MIN_DIRTY = 1_000;

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
  #oldest = 0;
  #next = 0;
  #records = 0;
  /** Of all values. */
  #bytes = 0;
  /** Records that compaction has not looked at yet. */
  #dirty = 0;

  get bounds(): Bounds {
    return { oldest: this.#oldest, next: this.#next };
  }

  /** There is as much to compact as to keep. */
  get isDirty(): boolean {
    return this.#dirty >= Math.max(MIN_DIRTY, this.#records / 2);
  }

  append(records: readonly NewRecord[], timestampMs: number): Frame {
    const first = this.#next;
    const offsets = records.map((_, index) => first + index);
    const frame = { first, timestampMs, offsets, records };
    const latestMs = Math.max(timestampMs, this.#frames.at(-1)?.latestMs ?? timestampMs);
    const bytes = valueBytes(frame);
    this.#frames.push({ frame, bytes, latestMs });
    this.#bytes += bytes;
    this.#next = first + records.length;
    this.#records += records.length;
    this.#dirty += records.length;
    return frame;
  }

  read(from: number, max: { bytes: number; records: number }): Slice {
    const oldest = this.#oldest;
    const slice = new SliceBuilder(from < this.#next ? Math.max(from, oldest) : from, max);
    let index = this.#search(({ frame }) => lastOf(frame) >= slice.next);
    while (!slice.full && slice.next < this.#next) {
      const kept = this.#frames[index++];
      if (kept) slice.add(kept.frame, lastOf(kept.frame), kept.bytes);
      else slice.next = this.#next;
    }
    return { frames: slice.frames, next: slice.next, oldest };
  }

  offsetAt(timestampMs: number): number {
    return this.#frames[this.#search(({ latestMs }) => latestMs >= timestampMs)]?.frame.first ?? this.#next;
  }

  /** Drops whole frames, from the oldest on, that were stored before the time of `given`. */
  dropBefore(given: readonly TimestampRange[]): void {
    this.#dropWhile(({ frame }) => isBefore(frame.timestampMs, given));
  }

  /** Drops whole frames, from the oldest on, as long as at least the newest `bytes` stay. */
  keepNewest(bytes: number): void {
    this.#dropWhile((kept) => this.#bytes - kept.bytes >= bytes);
  }

  #dropWhile(isGone: (kept: Kept) => boolean): void {
    const before = this.#head;
    for (let kept = this.#frames[this.#head]; kept && isGone(kept); kept = this.#frames[this.#head]) {
      this.#records -= kept.frame.records.length;
      this.#bytes -= kept.bytes;
      this.#frames[this.#head++] = undefined;
    }
    if (this.#head > before) this.#oldest = this.#frames[this.#head]?.frame.first ?? this.#next;
    if (this.#head > before && this.#head * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Keeps what `newest` keeps, which has seen nothing yet. */
  compact(newest: NewestRecords): void {
    for (const kept of this.#frames)
      for (const [index, record] of kept?.frame.records.entries() ?? [])
        newest.add(record, kept?.frame.offsets[index] ?? NaN);
    this.#records = 0;
    this.#bytes = 0;
    this.#frames = this.#frames.flatMap((kept) => {
      const compacted = kept && compactFrame(kept.frame, newest);
      if (!compacted) return [];
      this.#records += compacted.records.length;
      const bytes = compacted === kept.frame ? kept.bytes : valueBytes(compacted);
      this.#bytes += bytes;
      return [{ ...kept, frame: compacted, bytes }];
    });
    this.#head = 0;
    this.#dirty = 0;
  }

  /** Index of the first frame for which `found` holds, where it holds for all behind it too. */
  #search(found: (kept: Kept) => boolean): number {
    return firstIndex(this.#frames, this.#head, (kept) => kept !== undefined && found(kept));
  }
}

function compactFrame(frame: Frame, newest: NewestRecords): Frame | undefined {
  const { timestampMs } = frame;
  const kept = frame.records
    .map((record, index) => ({ record, offset: frame.offsets[index] ?? NaN }))
    .filter(({ record, offset }) => newest.keeps(record, offset, timestampMs));
  if (kept.length === frame.records.length) return frame;
  const [first] = kept;
  return (
    first && {
      first: first.offset,
      timestampMs,
      offsets: kept.map(({ offset }) => offset),
      records: kept.map(({ record }) => record),
    }
  );
}
