/**
 * The partitions that were touched, by the number of their log; what of them only the journal has is bounded for all
 * together.
 */
import { join } from "node:path";
import type { Rows } from "../../in-process/rows.ts";
import type { NewRecord } from "../../ports.ts";
import type { Files } from "../files.ts";
import type { Entry, Journal, JournalPosition } from "../journal/journal.ts";
import { Descriptors } from "./descriptors.ts";
import { EMPTY_PARTITION, Partition } from "./partition.ts";
import type { PartitionRow } from "./partition.ts";
import { ReadChunks } from "./read-chunks.ts";
import { SegmentList } from "./segment-list.ts";
import type { SyncedEnd } from "./segment-list.ts";

export const LOGS = "logs";

/** Rows of partitions: what the last checkpoint has kept, and where they begin since older segments were unlinked. */
const KEPT = "partition";
const STARTS = "partition-start";

/** Before the frame in its journal entry: 8 the log's number, 4 the partition. */
const HEADROOM = 12;

/** Bytes in memory at which they are written to segments; at twice as many, an append waits. */
const UNWRITTEN_BYTES = 32 * 1024 * 1024;

/** Partitions that are written, or synced, at the same time. */
const AT_ONCE = 4;

/** Whatever is there. */
const ALL: SyncedEnd = { segment: Number.POSITIVE_INFINITY, length: 0 };

export interface PartitionsOptions {
  files: Files;
  /** The data directory. */
  directory: string;
  rows: Rows;
  /** For tests: bytes of a segment, and bytes that only the journal and memory have. */
  segmentBytes?: number;
  unwrittenBytes?: number;
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
  readonly #files: Files;
  readonly #directory: string;
  readonly #rows: Rows;
  readonly #descriptors: Descriptors;
  readonly #chunks = new ReadChunks();
  readonly #segmentBytes: number | undefined;
  readonly #unwrittenBytes: number;
  readonly #readOnly: boolean;
  readonly #loaded = new Map<number, Map<number, Promise<Partition>>>();
  /** Those of which the journal has what segments do not, or what of them is not synced. */
  readonly #dirty = new Map<Partition, { number: number; partition: number }>();
  #unwritten = 0;
  #flushing: Promise<boolean> | undefined;

  constructor(options: PartitionsOptions) {
    const { files, directory, rows, segmentBytes, unwrittenBytes = UNWRITTEN_BYTES, readOnly = false } = options;
    this.#readOnly = readOnly;
    this.#segmentBytes = segmentBytes;
    this.#unwrittenBytes = unwrittenBytes;
    this.#files = files;
    this.#directory = directory;
    this.#rows = rows;
    this.#descriptors = new Descriptors(files);
  }

  /** Bytes that only the journal and memory have. */
  get unwrittenBytes(): number {
    return this.#unwritten;
  }

  /** Files that are open. */
  get openFiles(): number {
    return this.#descriptors.count;
  }

  get(number: number, partition: number): Promise<Partition> {
    let ofLog = this.#loaded.get(number);
    if (!ofLog) this.#loaded.set(number, (ofLog = new Map()));
    let found = ofLog.get(partition);
    if (!found) {
      ofLog.set(partition, (found = this.#load(number, partition)));
      found.catch(() => ofLog.delete(partition));
    }
    return found;
  }

  /** `undefined` where nothing has touched it. */
  async ifLoaded(number: number, partition: number): Promise<Partition | undefined> {
    return this.#loaded.get(number)?.get(partition);
  }

  /** Numbers of the logs of which there is something. */
  get numbers(): readonly number[] {
    return [...this.#loaded.keys()];
  }

  /** Hands records to the journal, and says where their entry ends in it and which offsets they have. */
  append(
    { number, partition }: { number: number; partition: number },
    to: Partition,
    records: readonly NewRecord[],
    timestampMs: number,
    journal: Journal,
  ): { first: number; last: number; end: JournalPosition } {
    const { frame, header } = to.place(records, timestampMs, HEADROOM);
    frame.writeDoubleBE(number, 0);
    frame.writeUInt32BE(partition, 8);
    const end = journal.append("frames", [frame]);
    to.journaled(frame.subarray(HEADROOM), header, end);
    this.#unwritten += header.length;
    this.#dirty.set(to, { number, partition });
    return { first: header.first, last: header.last, end };
  }

  /** An entry of the journal, when the engine starts. Says what was new. */
  async replay({ payload, end }: Entry): Promise<Replayed | undefined> {
    const number = payload.readDoubleBE(0);
    const partition = payload.readUInt32BE(8);
    const to = await this.get(number, partition);
    const frame = payload.subarray(HEADROOM);
    const replayed = to.replay(frame, end);
    if (!replayed) return undefined;
    this.#unwritten += frame.length;
    this.#dirty.set(to, { number, partition });
    if (this.#unwritten > this.#unwrittenBytes && !this.#readOnly) await this.flush(end);
    return { number, partition, ...replayed };
  }

  /** Everything is replayed: rows that came behind the first frame of a partition count as well. */
  async replayed(): Promise<void> {
    for (const [number, ofLog] of this.#loaded) {
      for (const [partition, loading] of ofLog) (await loading).startAt(this.#startOf(number, partition));
    }
  }

  /** Resolves when there is room in memory for another append, or the journal has failed. */
  async room(journal: Journal): Promise<void> {
    while (this.#unwritten > this.#unwrittenBytes) {
      const flushing = (this.#flushing ??= this.#makeRoom(journal));
      if (this.#unwritten <= 2 * this.#unwrittenBytes || !(await flushing)) return;
    }
  }

  /** Writes to segments what is durable at `position`. */
  async flush(position: JournalPosition): Promise<void> {
    await inTurns(this.#dirty.keys(), (partition) =>
      partition.flush(position, (bytes) => {
        this.#unwritten -= bytes;
      }),
    );
  }

  /** What was flushed is on disk, and the rows say so. */
  async sync(): Promise<void> {
    await inTurns([...this.#dirty], async ([partition, { number, partition: index }]) => {
      const row = await partition.sync();
      if (!partition.closed) this.#rows.note(KEPT, idOf(number, index), row);
      if (!partition.isDirty) this.#dirty.delete(partition);
    });
  }

  /** The start of a partition is durable, then segments before it are unlinked. */
  async dropExpired(number: number, partition: number): Promise<void> {
    const from = await this.get(number, partition);
    if (!from.hasExpired) return;
    await this.#rows.write([{ table: STARTS, id: idOf(number, partition), value: from.bounds.oldest }]);
    await from.dropExpired();
    this.#dirty.set(from, { number, partition });
  }

  /** A log is no more: nothing of it is written, and nothing of it is open. */
  async forget(number: number): Promise<void> {
    const ofLog = this.#loaded.get(number) ?? new Map<number, Promise<Partition>>();
    this.#loaded.delete(number);
    for (const loading of ofLog.values()) {
      const partition = await loading;
      this.#dirty.delete(partition);
      this.#unwritten -= await partition.close();
    }
  }

  /** Rows to remove with a log. */
  starts(number: number, partitions: number): { table: string; id: string; value: undefined }[] {
    const ids = Array.from({ length: partitions }, (_, partition) => idOf(number, partition));
    for (const id of ids) if (this.#rows.get(KEPT, id)) this.#rows.note(KEPT, id, undefined);
    return ids.filter((id) => this.#rows.get(STARTS, id)).map((id) => ({ table: STARTS, id, value: undefined }));
  }

  /** Timestamp of the oldest frame as far as the last checkpoint knows; `null` if there was none. */
  oldestMs(number: number, partition: number): number | null {
    return this.#kept(number, partition)?.oldestMs ?? null;
  }

  #kept(number: number, partition: number): PartitionRow | undefined {
    return this.#rows.get(KEPT, idOf(number, partition))?.value as PartitionRow | undefined;
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#descriptors.close();
  }

  /** False where nothing is written any more. */
  async #makeRoom(journal: Journal): Promise<boolean> {
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
    const kept = this.#kept(number, partition);
    const segments = this.#segmentList(number, partition);
    // What the rows do not know of was written after the last checkpoint, and is in the journal.
    const covered = await segments.load(kept ?? (rowsAreWhole ? EMPTY_PARTITION : ALL), true);
    return {
      segments,
      row: kept && {
        ...kept,
        next: Math.max(kept.next, covered),
        start: Math.max(kept.start, this.#startOf(number, partition)),
      },
    };
  }

  /** Those of which the rows know. */
  get keptIds(): readonly (readonly [number: number, partition: number])[] {
    return Array.from(this.#rows.ids(KEPT), (id) => {
      const [number = 0, partition = 0] = id.split("/", 2).map(Number);
      return [number, partition] as const;
    });
  }

  /** What a repair knows of a partition. */
  keep(number: number, partition: number, row: PartitionRow): void {
    this.#rows.note(KEPT, idOf(number, partition), row);
  }

  async #load(number: number, partition: number): Promise<Partition> {
    const kept = this.#kept(number, partition) ?? EMPTY_PARTITION;
    const segments = this.#segmentList(number, partition);
    const next = Math.max(kept.next, await segments.load(kept, this.#readOnly));
    const start = Math.max(kept.start, this.#startOf(number, partition));
    return new Partition(placeOf(number, partition), segments, { ...kept, start, next });
  }

  #segmentList(number: number, partition: number): SegmentList {
    const directory = join(this.#directory, placeOf(number, partition));
    const shared = { descriptors: this.#descriptors, chunks: this.#chunks };
    return new SegmentList(this.#files, shared, directory, this.#segmentBytes);
  }

  #startOf(number: number, partition: number): number {
    return (this.#rows.get(STARTS, idOf(number, partition))?.value as number | undefined) ?? 0;
  }
}

function placeOf(number: number, partition: number): string {
  return join(LOGS, String(number), String(partition));
}

export function idOf(number: number, partition: number): string {
  return `${number}/${partition}`;
}

async function inTurns<T>(all: Iterable<T>, work: (each: T) => Promise<void>): Promise<void> {
  const rest = all[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value);
    }),
  );
}
