/**
 * One partition of a log: its offsets, the frames that only the journal has so far, and its segments.
 */
import { DamagedEventsError } from "../../damaged-events-error.ts";
import { isBefore } from "../../in-process/clock-readings.ts";
import type { TimestampRange } from "../../in-process/clock-readings.ts";
import type { NewestRecords } from "../../in-process/newest-records.ts";
import { SliceBuilder } from "../../in-process/slice-builder.ts";
import type { Bounds, NewRecord, Slice } from "../../ports.ts";
import type { JournalPosition } from "../journal/entry.ts";
import { encodeFrame, readFrameHeader } from "./frame.ts";
import type { FrameHeader } from "./frame.ts";
import { placeOf } from "./partition-rows.ts";
import type { CompactionBytes, PartitionRow } from "./partition-rows.ts";
import type { SegmentList } from "./segment-list.ts";
import type { Mark, Segment } from "./segment.ts";
import { Tail } from "./tail.ts";

export class Partition {
  /** Of its log. */
  readonly number: number;
  readonly index: number;
  readonly #segments: SegmentList;
  readonly #tail = new Tail();
  #start: number;
  /** The offset behind the last segment: those from here on are in the tail. */
  #written: number;
  /** The offset behind the last that is durable. */
  #readable: number;
  #next: number;
  #latestMs: number;
  /** Up to here, no key has two records in segments. */
  #compacted: number;
  /** Of the frame at the start. */
  #oldest: FrameHeader | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param segments that are loaded */
  constructor(number: number, index: number, segments: SegmentList, row: PartitionRow) {
    this.number = number;
    this.index = index;
    this.#segments = segments;
    this.#start = row.start;
    this.#written = this.#readable = this.#next = row.next;
    this.#latestMs = row.latestMs;
    this.#compacted = row.compacted;
  }

  get bounds(): Bounds {
    return { oldest: this.#start, next: this.#readable };
  }

  /** Its log is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** There is something that is not in segments on disk. */
  get isDirty(): boolean {
    return this.#tail.first !== undefined || this.#segments.isDirty;
  }

  /** Bytes in segments. */
  get storedBytes(): number {
    return this.#segments.all.reduce((bytes, { length }) => bytes + length, 0);
  }

  /** Places in segments that are in memory. */
  get marks(): number {
    return this.#segments.all.reduce((count, { markCount }) => count + markCount, 0);
  }

  /** Gives records their offsets; `headroom` bytes before the frame are free. They can be read once they are settled. */
  place(records: readonly NewRecord[], timestampMs: number, headroom: number): { frame: Buffer; header: FrameHeader } {
    const first = this.#next;
    const last = first + records.length - 1;
    this.#latestMs = Math.max(this.#latestMs, timestampMs);
    const frame = encodeFrame({ first, last, timestampMs, latestMs: this.#latestMs }, [], records, headroom);
    this.#next = last + 1;
    const length = frame.length - headroom;
    return { frame, header: { length, first, last, timestampMs, latestMs: this.#latestMs, count: records.length } };
  }

  /** A frame was handed to the journal, in which its entry ends at `end`. */
  journaled(bytes: Buffer, header: FrameHeader, end: JournalPosition): void {
    this.#tail.push({ bytes, header, end });
  }

  /** All offsets up to `last` are durable. */
  settle(last: number): void {
    this.#readable = Math.max(this.#readable, last + 1);
  }

  /**
   * A frame of the journal, when the engine starts. Says what was new: its events, and the offsets before it that were lost
   * with a part of the journal, which only a repair leaves out.
   */
  replay(bytes: Buffer, end: JournalPosition): { events: number; lost?: { from: number; to: number } } | undefined {
    const header = readFrameHeader(bytes, 0);
    if (!header) return undefined;
    this.#latestMs = Math.max(this.#latestMs, header.latestMs);
    if (header.first < this.#next) return undefined;
    const lost = header.first > this.#next ? { from: this.#next, to: header.first - 1 } : undefined;
    if (lost) {
      const range = { ...header, first: lost.from, last: lost.to };
      const gap = encodeFrame(range, [], []);
      this.journaled(gap, { ...range, length: gap.length, count: 0 }, end);
    }
    this.#next = header.last + 1;
    this.journaled(bytes, header, end);
    this.settle(header.last);
    return { events: header.count, ...(lost && { lost }) };
  }

  /** Ends early where the log is removed during the read. @throws {DamagedEventsError} */
  async read(from: number, max: { bytes: number; records: number }): Promise<Slice> {
    const slice = new SliceBuilder(from < this.#readable ? Math.max(from, this.#start) : from, max);
    while (!slice.full && slice.next < this.#readable && !this.#closed) {
      const at = slice.next;
      if (at >= this.#written) this.#tail.read(slice, this.#readable);
      else if (!(await this.#segments.read(slice))) {
        // What comes before the damage can be had.
        if (slice.frames.length > 0 || this.#closed) break;
        // What retention takes during the read is not missing.
        if (at >= this.#start) throw new DamagedEventsError(placeOf(this.number, this.index), at);
        slice.next = this.#start;
      }
    }
    return { frames: slice.frames, next: slice.next, oldest: this.#start };
  }

  /** The first offset whose record was stored at `timestampMs` or later. */
  async offsetAt(timestampMs: number): Promise<number> {
    const found = await this.#find(({ latestMs }) => latestMs < timestampMs);
    return Math.min(Math.max(found?.first ?? this.#readable, this.#start), this.#readable);
  }

  /**
   * Moves the start behind what is known to be older than the time whose timestamps are `given`. A record that is appended
   * during the search has a timestamp that is not among them, and stays.
   */
  async expire(given: readonly TimestampRange[]): Promise<void> {
    const [start, end] = [this.#start, this.#readable];
    if (start >= end) return;
    this.#oldest ??= await this.#find(({ last }) => last < start);
    if (!this.#oldest || !isBefore(this.#oldest.timestampMs, given)) return;
    const found = await this.#find(
      ({ last, timestampMs }) => last < start || (last < end && isBefore(timestampMs, given)),
    );
    this.startAt(Math.min(found?.first ?? end, end));
  }

  /** Moves the start behind the oldest segments, as long as at least the newest `bytes` are behind it. */
  keepNewest(bytes: number): void {
    const segments = this.#segments.all;
    let rest = this.storedBytes;
    for (const [index, { length }] of segments.entries()) {
      rest -= length;
      const next = segments[index + 1];
      if (!next || rest < bytes) return;
      this.startAt(next.first);
    }
  }

  /** What is before `offset` is gone. */
  startAt(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = offset;
    this.#oldest = undefined;
  }

  /** Whether there are segments before the log's start. */
  get hasExpired(): boolean {
    const [first, second] = this.#segments.all;
    return first !== undefined && this.#start >= (second?.first ?? this.#written);
  }

  /** Unlinks segments before the start, which is durable. */
  dropExpired(): Promise<void> {
    return this.#inOrder(async () => {
      if (!this.#closed) await this.#segments.dropBefore(this.#start, this.#written);
    });
  }

  /** Writes what is durable at `position` to segments. `onWritten` gets the bytes that are not held any more. */
  flush(position: JournalPosition, onWritten: (bytes: number) => void): Promise<void> {
    return this.#inOrder(async () => {
      let frames = this.#tail.until(position);
      while (frames.length > 0 && !this.#closed) {
        const count = await this.#segments.write(frames);
        let bytes = 0;
        for (const { header } of frames.slice(0, count)) bytes += header.length;
        this.#tail.drop(count);
        frames = frames.slice(count);
        this.#written = this.#tail.first?.header.first ?? this.#next;
        onWritten(bytes);
      }
    });
  }

  get compaction(): CompactionBytes {
    let cleanBytes = 0;
    for (const { first, length } of this.#segments.all) if (first < this.#compacted) cleanBytes += length;
    return { dirtyBytes: this.storedBytes - cleanBytes, cleanBytes };
  }

  /** Of what is in segments, what `newest` keeps stays. Nothing is done where it is damaged. @throws {DamagedEventsError} */
  async compact(newest: NewestRecords): Promise<void> {
    const end = await this.#inOrder(async () => {
      this.#segments.roll();
      return this.#written;
    });
    let at = Math.max(this.#compacted, this.#start);
    for (let room = true; room && at < end && !this.#closed;) {
      const slice = await this.read(at, { bytes: 1024 * 1024, records: 10_000 });
      for (const { offsets, records } of slice.frames) {
        for (const [index, record] of records.entries()) {
          const offset = offsets[index] ?? NaN;
          room &&= offset < end && newest.add(record, offset);
          if (room) at = offset + 1;
        }
      }
      if (room) at = slice.next;
    }
    await this.#segments.compact(newest, (compacted) =>
      this.#inOrder(async () => {
        if (!this.#closed) await this.#segments.replace(compacted);
      }),
    );
    this.#compacted = Math.min(at, end);
  }

  /** All that was flushed is on disk; what a checkpoint has to keep. */
  sync(): Promise<PartitionRow> {
    return this.#inOrder(async () => {
      const next = this.#written;
      const latestMs = this.#latestMs;
      const end = this.#closed ? { segment: null, length: 0 } : await this.#segments.sync();
      this.#oldest ??= await this.#find(({ last }) => last < this.#start);
      const oldestMs = this.#oldest?.timestampMs ?? null;
      return { ...end, start: this.#start, next, latestMs, oldestMs, compacted: this.#compacted, ...this.compaction };
    });
  }

  /** Its log is gone: nothing is written any more. Says how many bytes are not held any more. */
  close(): Promise<number> {
    this.#closed = true;
    return this.#inOrder(async () => {
      await this.#segments.close();
      const rest = this.#tail.until(Number.POSITIVE_INFINITY);
      this.#tail.drop(rest.length);
      return rest.reduce((bytes, { header }) => bytes + header.length, 0);
    });
  }

  /**
   * The first readable frame that is not `before`, which holds for all up to one for which it holds. The search begins anew
   * where a flush or a compaction has moved frames during it: it could have passed them at both places.
   */
  async #find(before: (header: FrameHeader) => boolean): Promise<FrameHeader | undefined> {
    for (;;) {
      const [segments, written] = [this.#segments.all, this.#written];
      let found: FrameHeader | undefined = await this.#findIn(segments, before);
      if (segments !== this.#segments.all) continue;
      if (found) return found;
      if (written !== this.#written) continue;
      found = this.#tail.find(before);
      return found && found.first < this.#readable ? found : undefined;
    }
  }

  async #findIn(segments: readonly Segment[], before: (header: FrameHeader) => boolean): Promise<Mark | undefined> {
    let index = Math.max(0, this.#segments.indexOf(this.#start));
    for (let next: Mark | undefined; (next = await segments[index + 1]?.head()) && before(next);) index += 1;
    for (; index < segments.length; index++) {
      const found = await segments[index]?.find(before);
      if (found) return found;
    }
    return undefined;
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }
}
