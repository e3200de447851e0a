/**
 * One partition on disk. Appends get their offsets at once and can be read when they are durable. Reads find rows by
 * key; rows that retention takes go from the oldest on.
 */
import { cutFrame, lastOf, valueBytes } from "../cut-frame.ts";
import { isBefore } from "../in-process/clock-readings.ts";
import type { TimestampRange } from "../in-process/clock-readings.ts";
import type { Bounds, Frame, NewRecord, Slice } from "../ports.ts";
import { DamagedDataError } from "./checksum.ts";
import { firstOf, frameKey, partitionKey } from "./keys.ts";
import { jsonRow, readJson } from "./json-rows.ts";
import { cachedRow } from "./row-cache.ts";
import type { CachedRow, RowCache } from "./row-cache.ts";
import { decodeRow, encodeRow, readRowHead } from "./row-codec.ts";
import type { RowHead } from "./row-codec.ts";
import { SmallRows } from "./small-rows.ts";
import type { Run } from "./small-rows.ts";
import type { Change, Store } from "./store.ts";

/** Rows that one look drops at most, so that nobody waits for a long log. */
const DROPPED_AT_ONCE = 1_000;

/** An append on its way to the disk. */
export interface Placed {
  frame: Frame;
  change: Change;
}

/** Rows on their way to become one. */
export interface Merge {
  changes: readonly Change[];
  /** To be called when the changes are durable. */
  done(): void;
}

export class PartitionFrames {
  readonly #store: Store;
  readonly #cache: RowCache;
  readonly #log: number;
  readonly #partition: number;
  /** The first offset that is still there. */
  #oldest: number;
  /** Behind the last durable record. */
  #next: number;
  /** Behind the last record that has an offset. */
  #assigned: number;
  #latestMs: number;
  /** Of the row that begins at `#oldest`, once it was looked at. */
  #oldestHead: RowHead | undefined;
  readonly #small = new SmallRows();
  /** Until they are durable nothing of them is dropped: what is written in their place would be dropped with it. */
  readonly #merging = new Set<Run>();

  constructor(store: Store, cache: RowCache, log: number, partition: number) {
    this.#store = store;
    this.#cache = cache;
    this.#log = log;
    this.#partition = partition;
    const last = this.#headBefore(Number.MAX_SAFE_INTEGER);
    this.#next = last ? last.last + 1 : this.#storedBase();
    this.#assigned = this.#next;
    this.#latestMs = last?.latestMs ?? -Infinity;
    const [first] = this.#store.keys("frames", this.#key(0), this.#key(Number.MAX_SAFE_INTEGER), 1);
    this.#oldest = first ? firstOf(first) : this.#next;
  }

  get bounds(): Bounds {
    return { oldest: this.#oldest, next: this.#next };
  }

  place(records: readonly NewRecord[], timestampMs: number): Placed {
    const first = this.#assigned;
    const last = first + records.length - 1;
    if (this.#oldest === this.#assigned) this.#latestMs = -Infinity;
    this.#latestMs = Math.max(this.#latestMs, timestampMs);
    this.#assigned = last + 1;
    const frame = { first, timestampMs, offsets: records.map((_, index) => first + index), records };
    const key = this.#key(first);
    const value = encodeRow(key, { first, last, timestampMs, latestMs: this.#latestMs }, [frame]);
    return { frame, change: { table: "frames", key, value } };
  }

  /** An append is durable now; all before it are, too. Says which rows should be merged then. */
  settle({ frame }: Placed): Run | undefined {
    this.#next = Math.max(this.#next, lastOf(frame) + 1);
    const { first, timestampMs } = frame;
    const row = this.#cache.set(this.#cacheKey(first), cachedRow({ first, last: lastOf(frame) }, [frame]));
    return this.#small.add({ first, last: row.last, timestampMs, bytes: row.frames[0]?.bytes ?? 0 });
  }

  /** What makes one row of a run, as far as it is still there. @throws {DamagedDataError} */
  merge({ first, last }: Run): Merge | undefined {
    const from = Math.max(first, this.#oldest);
    const rows: CachedRow[] = [];
    for (const row of from < last ? this.#rowsFrom(from) : []) {
      rows.push(row);
      if (row.last >= last) break;
    }
    const end = rows.at(-1);
    if (!end || rows.length < 2) return undefined;
    const frames = rows.flatMap((row) => row.frames.map(({ frame }) => frame));
    const head = {
      first: from,
      last: end.last,
      // Of the last one: once that is too old, so are all that were stored before it.
      timestampMs: frames.at(-1)?.timestampMs ?? Number.NEGATIVE_INFINITY,
      latestMs: this.#headContaining(end.first).latestMs,
    };
    const removals = rows.slice(1).map((row): Change => ({ table: "frames", key: this.#key(row.first), value: null }));
    const key = this.#key(from);
    const merging = { first: from, last: end.last };
    this.#merging.add(merging);
    return {
      changes: [...removals, { table: "frames", key, value: encodeRow(key, head, frames) }],
      done: () => {
        this.#merging.delete(merging);
        this.#oldestHead = undefined;
        for (const row of rows) this.#cache.delete(this.#cacheKey(row.first));
        this.#cache.set(this.#cacheKey(from), cachedRow(head, frames));
      },
    };
  }

  /** @throws {DamagedDataError} where the first record cannot be read */
  read(from: number, max: { bytes: number; records: number }): Slice {
    const oldest = this.#oldest;
    if (from >= this.#next) return { frames: [], next: from, oldest };
    const frames: Frame[] = [];
    let { bytes, records } = max;
    let next = Math.max(from, oldest);
    try {
      for (const { last, frame: whole, bytes: wholeBytes } of this.#framesFrom(next)) {
        if (whole) {
          const frame = cutFrame(whole, wholeBytes, next - whole.first, { bytes, records }, frames.length === 0);
          if (!frame) break;
          frames.push(frame);
          next = lastOf(frame) + 1;
          records -= frame.records.length;
          bytes -= frame === whole ? wholeBytes : valueBytes(frame);
          if (next <= last || records <= 0 || bytes <= 0) break;
        }
        next = last + 1;
      }
    } catch (error) {
      // What comes before the damage can be had.
      if (frames.length === 0) throw error;
    }
    return { frames, next, oldest };
  }

  offsetAt(timestampMs: number): number {
    let found: RowHead | undefined;
    let low = this.#oldest;
    let high = this.#next;
    while (low < high) {
      const head = this.#headContaining(low + Math.floor((high - low) / 2));
      if (head.latestMs >= timestampMs) {
        found = head;
        high = head.first;
      } else {
        low = head.last + 1;
      }
    }
    if (!found) return this.#next;
    for (const { last, frame } of this.#framesFrom(found.first)) {
      if (frame && frame.timestampMs >= timestampMs) return frame.first;
      if (last >= found.last) break;
    }
    return found.first;
  }

  /**
   * Drops whole rows, from the oldest on, that were stored before the time of `given`. Says what is to be written, and
   * whether there are more of them.
   */
  dropBefore(given: readonly TimestampRange[]): { changes: readonly Change[]; more: boolean } {
    const changes: Change[] = [];
    let more = false;
    while (this.#oldest < this.#next) {
      const head = (this.#oldestHead ??= this.#headContaining(this.#oldest));
      if (!isBefore(head.timestampMs, given) || this.#isMerging(head)) break;
      more = changes.length === DROPPED_AT_ONCE;
      if (more) break;
      changes.push({ table: "frames", key: this.#key(head.first), value: null });
      this.#cache.delete(this.#cacheKey(head.first));
      this.#oldestHead = undefined;
      this.#oldest = head.last + 1;
    }
    if (changes.length > 0) changes.push(jsonRow("bases", this.#baseKey, { next: this.#next } satisfies Base));
    return { changes, more };
  }

  #isMerging({ first }: RowHead): boolean {
    return [...this.#merging].some((run) => first >= run.first && first <= run.last);
  }

  /** Durable frames from the one that contains `offset` on, without those that are lost. */
  *#framesFrom(offset: number): Iterable<{ last: number; frame?: Frame; bytes: number }> {
    for (const { last, frames } of this.#rowsFrom(offset)) {
      if (frames.length === 0) yield { last, bytes: 0 };
      for (const { frame, bytes } of frames) {
        if (lastOf(frame) >= offset) yield { last: lastOf(frame), frame, bytes };
      }
    }
  }

  /** Durable rows from the one that contains `offset` on. Each begins where the one before it has ended. */
  *#rowsFrom(offset: number): Iterable<CachedRow> {
    let next = offset;
    while (next < this.#next) {
      const cached = this.#cache.get(this.#cacheKey(next));
      const rows = cached ? [cached] : this.#storedFrom(this.#headContaining(next).first);
      for (const row of rows) {
        yield row;
        next = row.last + 1;
      }
    }
  }

  *#storedFrom(first: number): Iterable<CachedRow> {
    let next = first;
    for (const { key, value } of this.#store.rows("frames", this.#key(first), this.#key(this.#next))) {
      if (firstOf(key) !== next) break;
      const { head, frames } = decodeRow(key, value);
      yield this.#cache.set(this.#cacheKey(next), cachedRow(head, frames));
      next = head.last + 1;
    }
    if (next < this.#next) throw this.#missing(next);
  }

  /** @throws {DamagedDataError} where no row holds `offset`, which must be one that is there */
  #headContaining(offset: number): RowHead {
    const head = this.#headBefore(offset);
    if (!head || head.last < offset) throw this.#missing(offset);
    return head;
  }

  /** The row that begins at `offset`, or else the last one that begins before it. */
  #headBefore(offset: number): RowHead | undefined {
    const key = this.#store.floor("frames", this.#key(offset), this.#key(0));
    const value = key && this.#store.get("frames", key);
    return key && value && readRowHead(key, value);
  }

  #missing(offset: number): DamagedDataError {
    return new DamagedDataError("frames", this.#key(offset), "is missing");
  }

  /** Where an empty partition goes on. */
  #storedBase(): number {
    const value = this.#store.get("bases", this.#baseKey);
    return value ? (readJson("bases", this.#baseKey, value) as Base).next : 0;
  }

  get #baseKey(): Buffer {
    return partitionKey(this.#log, this.#partition);
  }

  #key(first: number): Buffer {
    return frameKey(this.#log, this.#partition, first);
  }

  #cacheKey(first: number): string {
    return `${this.#log}:${this.#partition}:${first}`;
  }
}

/** Written with each removal of frames: offsets go on from here where no frame is left to tell. */
interface Base {
  next: number;
}
