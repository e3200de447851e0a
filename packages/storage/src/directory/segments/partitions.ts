/**
 * The partitions that were touched, by the number of their log; what of them only the journal has is bounded for all
 * together.
 */
import { join } from "node:path";
import type { Rows } from "../../in-process/rows.ts";
import type { NewRecord } from "../../ports.ts";
import type { Files } from "../files.ts";
import type { Entry, JournalPosition } from "../journal/entry.ts";
import type { FileJournal } from "../journal/file-journal.ts";
import { Descriptors } from "./descriptors.ts";
import { LoadedPartitions } from "./loaded-partitions.ts";
import { Partition } from "./partition.ts";
import { EMPTY_PARTITION, PartitionRows, placeOf } from "./partition-rows.ts";
import type { PartitionRow } from "./partition-rows.ts";
import { ReadChunks } from "./read-chunks.ts";
import { SEGMENT_BYTES, SegmentList } from "./segment-list.ts";
import type { SyncedEnd } from "./segment-list.ts";

/** Before the frame in its journal entry: 8 the log's number, 4 the partition. */
const HEADROOM = 12;

/** Bytes in memory at which they are written to segments; at twice as many, an append waits. */
const UNWRITTEN_BYTES = 32 * 1024 * 1024;

/** Partitions in memory that nothing uses: about 1 KB each, and a mark for 256 KiB of their events. */
const IDLE_PARTITIONS = 4_096;

/** Partitions that are written, or synced, at the same time. */
const AT_ONCE = 4;

/** Whatever is there. */
const ALL: SyncedEnd = { segment: Number.POSITIVE_INFINITY, length: 0 };

export interface PartitionsOptions {
  files: Files;
  /** The data directory. */
  directory: string;
  rows: Rows;
  /** For tests: bytes of a segment, bytes that only the journal and memory have, and partitions that nothing uses. */
  segmentBytes?: number;
  unwrittenBytes?: number;
  idlePartitions?: number;
  /** Nothing on disk is changed: for a check. */
  readOnly?: boolean;
}

export interface Replayed {
  number: number;
  partition: number;
  events: number;
  /** Offsets before them that were lost with a part of the journal. */
  lost?: { from: number; to: number };
}

export class Partitions {
  readonly rows: PartitionRows;
  readonly #files: Files;
  readonly #directory: string;
  readonly #descriptors: Descriptors;
  readonly #chunks = new ReadChunks();
  /** A segment that has reached this goes on in a new one. */
  readonly segmentBytes: number;
  readonly #unwrittenBytes: number;
  readonly #readOnly: boolean;
  readonly #loaded: LoadedPartitions;
  /** Those of which the journal has what segments do not, or what of them is not synced: each is a use. */
  readonly #dirty = new Set<Partition>();
  #unwritten = 0;
  #flushing: Promise<boolean> | undefined;

  constructor(options: PartitionsOptions) {
    const {
      files,
      directory,
      rows,
      segmentBytes = SEGMENT_BYTES,
      unwrittenBytes = UNWRITTEN_BYTES,
      readOnly = false,
    } = options;
    this.#readOnly = readOnly;
    this.segmentBytes = segmentBytes;
    this.#unwrittenBytes = unwrittenBytes;
    this.#files = files;
    this.#directory = directory;
    this.rows = new PartitionRows(rows);
    this.#descriptors = new Descriptors(files);
    this.#loaded = new LoadedPartitions({
      load: (number, index) => this.#load(number, index),
      onDrop: (partition) => this.#keepStart(partition),
      maxIdle: options.idlePartitions ?? IDLE_PARTITIONS,
    });
  }

  /** Bytes that only the journal and memory have. */
  get unwrittenBytes(): number {
    return this.#unwritten;
  }

  /** Files that are open. */
  get openFiles(): number {
    return this.#descriptors.count;
  }

  /** Partitions in memory. */
  get count(): number {
    return this.#loaded.count;
  }

  /** Loads a partition that is not in memory, and keeps it there until `release`. */
  take(number: number, index: number): Promise<Partition> {
    return this.#loaded.take(number, index);
  }

  release(partition: Partition): void {
    this.#loaded.release(partition);
  }

  async use<T>(number: number, index: number, work: (partition: Partition) => T | Promise<T>): Promise<T> {
    const partition = await this.take(number, index);
    try {
      return await work(partition);
    } finally {
      this.release(partition);
    }
  }

  /** Numbers of the logs of which there is something in memory. */
  get numbers(): readonly number[] {
    return this.#loaded.numbers;
  }

  /** Hands records to the journal, and says where their entry ends in it and which offsets they have. */
  append(
    to: Partition,
    records: readonly NewRecord[],
    timestampMs: number,
    journal: FileJournal,
  ): { first: number; last: number; end: JournalPosition } {
    const { frame, header } = to.place(records, timestampMs, HEADROOM);
    frame.writeDoubleBE(to.number, 0);
    frame.writeUInt32BE(to.index, 8);
    const end = journal.append("frames", [frame]);
    to.journaled(frame.subarray(HEADROOM), header, end);
    this.#unwritten += header.length;
    this.keepLater(to);
    return { first: header.first, last: header.last, end };
  }

  /** An entry of the journal, when the engine starts. Says what was new. */
  async replay({ payload, end }: Entry): Promise<Replayed | undefined> {
    const number = payload.readDoubleBE(0);
    const partition = payload.readUInt32BE(8);
    const frame = payload.subarray(HEADROOM);
    const replayed = await this.use(number, partition, (to) => {
      const found = to.replay(frame, end);
      if (found) this.keepLater(to);
      return found;
    });
    if (!replayed) return undefined;
    this.#unwritten += frame.length;
    if (this.#unwritten > this.#unwrittenBytes && !this.#readOnly) await this.flush(end);
    return { number, partition, ...replayed };
  }

  /** Everything is replayed: rows that came behind the first frame of a partition count as well. */
  async replayed(): Promise<void> {
    for (const partition of await this.#loaded.all())
      partition.startAt(this.rows.startOf(partition.number, partition.index));
  }

  /** Resolves when there is room in memory for another append, or the journal has failed. */
  async room(journal: FileJournal): Promise<void> {
    while (this.#unwritten > this.#unwrittenBytes) {
      const flushing = (this.#flushing ??= this.#makeRoom(journal));
      if (this.#unwritten <= 2 * this.#unwrittenBytes || !(await flushing)) return;
    }
  }

  /** Writes to segments what is durable at `position`. */
  async flush(position: JournalPosition): Promise<void> {
    await inTurns(this.#dirty, (partition) =>
      partition.flush(position, (bytes) => {
        this.#unwritten -= bytes;
      }),
    );
  }

  /** What was flushed is on disk, and the rows say so. */
  async sync(): Promise<void> {
    await inTurns([...this.#dirty], async (partition) => {
      const row = await partition.sync();
      if (!partition.closed) this.rows.keep(partition.number, partition.index, row);
      if ((partition.closed || !partition.isDirty) && this.#dirty.delete(partition)) this.release(partition);
    });
  }

  /** The next `sync` keeps what there is to know of it, and until then it is in memory. */
  keepLater(partition: Partition): void {
    if (this.#dirty.has(partition)) return;
    this.#dirty.add(partition);
    this.#loaded.share(partition);
  }

  /** The start of a partition is durable, then segments before it are unlinked. */
  async dropExpired(number: number, index: number): Promise<void> {
    await this.use(number, index, async (from) => {
      if (!from.hasExpired) return;
      await this.rows.start(number, index, from.bounds.oldest);
      await from.dropExpired();
      this.keepLater(from);
    });
  }

  /** A log is no more: nothing of it is written, and nothing of it is open. */
  async forget(number: number): Promise<void> {
    for (const partition of await this.#loaded.remove(number)) {
      this.#dirty.delete(partition);
      const bytes = await partition.close();
      this.#unwritten -= bytes;
    }
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#descriptors.close();
  }

  /** False where nothing is written any more. */
  async #makeRoom(journal: FileJournal): Promise<boolean> {
    try {
      await journal.whenDurable(journal.end);
      await this.flush(journal.durable);
      return true;
    } catch (error) {
      journal.fail(error);
      return false;
    } finally {
      this.#flushing = undefined;
    }
  }

  /** The segments of a partition and what is known of it, for a check; `row` is `undefined` if nothing is. */
  async segmentsOf(
    number: number,
    partition: number,
    rowsAreWhole: boolean,
  ): Promise<{ segments: SegmentList; row: PartitionRow | undefined }> {
    const kept = this.rows.kept(number, partition);
    const segments = this.#segmentList(number, partition);
    // What the rows do not know of was written after the last checkpoint, and is in the journal.
    const covered = await segments.load(kept ?? (rowsAreWhole ? EMPTY_PARTITION : ALL), true);
    const start = this.rows.startOf(number, partition);
    return { segments, row: kept && { ...kept, next: Math.max(kept.next, covered), start } };
  }

  async #load(number: number, index: number): Promise<Partition> {
    const kept = this.rows.kept(number, index) ?? EMPTY_PARTITION;
    const segments = this.#segmentList(number, index);
    const next = Math.max(kept.next, await segments.load(kept, this.#readOnly));
    return new Partition(number, index, segments, { ...kept, start: this.rows.startOf(number, index), next });
  }

  #segmentList(number: number, partition: number): SegmentList {
    const directory = join(this.#directory, placeOf(number, partition));
    const shared = { descriptors: this.#descriptors, chunks: this.#chunks };
    return new SegmentList(this.#files, shared, directory, this.segmentBytes);
  }

  /** What a partition has beyond what is kept: a longer retention time does not bring back what has expired. */
  #keepStart({ number, index, bounds: { oldest } }: Partition): void {
    const kept = this.rows.kept(number, index);
    if (kept && kept.start < oldest) this.rows.keep(number, index, { ...kept, start: oldest });
  }
}

async function inTurns<T>(all: Iterable<T>, work: (each: T) => Promise<void>): Promise<void> {
  const rest = all[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value);
    }),
  );
}
