/**
 * The segments of one partition: which holds an offset, which is written to, which are on disk for certain.
 */
import { join } from "node:path";
import { firstIndex } from "../../in-process/binary-search.ts";
import type { NewestRecords } from "../../in-process/newest-records.ts";
import type { SliceBuilder } from "../../in-process/slice-builder.ts";
import type { Files } from "../files.ts";
import { compactSegments } from "./compaction.ts";
import type { Compacted } from "./compaction.ts";
import type { Descriptors } from "./descriptors.ts";
import { Segment } from "./segment.ts";
import type { SegmentFiles } from "./segment.ts";
import type { TailFrame } from "./tail.ts";

/** A segment that has reached this goes on in a new one. */
export const SEGMENT_BYTES: number = 32 * 1024 * 1024;
/** Bytes of one write. */
const WRITE_BYTES = 2 * 1024 * 1024;
/**
 * Of a segment as it was appended to, of one that compaction has written, and of one that it is writing. The name begins with
 * the first offset; that of a compacted one goes on with the offset that follows: what lies between is in it alone.
 */
export const APPENDED = ".seg";
const COMPACTED = ".compact";
const UNFINISHED = ".new";

/** How far segments are on disk. */
export interface SyncedEnd {
  /** Offset of the last segment's first frame; `null` if there was none. */
  segment: number | null;
  /** Bytes of it. */
  length: number;
}

export class SegmentList {
  readonly #files: Files;
  readonly #descriptors: Descriptors;
  readonly #shared: SegmentFiles;
  readonly #directory: string;
  readonly #segmentBytes: number;
  #segments: readonly Segment[] = [];
  /** The last one, if it can be written to. */
  #active: Segment | undefined;
  #made = false;
  readonly #dirty = new Set<Segment>();
  /** There are names in the directory that may not be on disk. */
  #namesDirty = false;

  constructor(files: Files, shared: SegmentFiles, directory: string, segmentBytes: number) {
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#descriptors = shared.descriptors;
    this.#shared = shared;
    this.#directory = directory;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  /** There is something that `sync` has not brought to disk. */
  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** The last segment as it is. */
  get end(): SyncedEnd {
    const last = this.#segments.at(-1);
    return { segment: last?.first ?? null, length: last?.length ?? 0 };
  }

  /**
   * Finds what is there, without what was written behind `end`: the journal has that too. Says which offset follows the last
   * segment if that is compacted: then it may hold more than the rows know.
   */
  async load(end: SyncedEnd, readOnly = false): Promise<number> {
    const found: Named[] = [];
    for (const name of await this.#files.list(this.#directory)) {
      this.#made = true;
      const named = readName(name);
      if (named && end.segment !== null && named.first <= end.segment) found.push(named);
      else if (!readOnly) await this.#files.unlink(join(this.#directory, name));
    }
    const segments: Segment[] = [];
    let covered = 0;
    for (const { name, first, next } of found.toSorted(
      (one, other) => one.first - other.first || other.next - one.next,
    )) {
      const path = join(this.#directory, name);
      if (first >= covered) segments.push(new Segment(this.#shared, path, first, await this.#sizeOf(path)));
      // Compaction was about to unlink it.
      else if (!readOnly) await this.#files.unlink(path);
      covered = Math.max(covered, next);
    }
    this.#segments = segments;
    const last = segments.at(-1);
    // Nothing is added to one that is too short, because it is damaged, nor to one that is compacted.
    if (!last || last.path.endsWith(COMPACTED) || last.first !== end.segment || last.length < end.length)
      return covered;
    if (last.length > end.length && !readOnly)
      await this.#descriptors.use(last.path, "write", (file) => file.truncate(end.length));
    last.length = end.length;
    this.#active = last;
    return covered;
  }

  /** Index of the segment that holds `offset`, or would hold it; -1 if that is none. */
  indexOf(offset: number): number {
    return firstIndex(this.#segments, 0, ({ first }) => first > offset) - 1;
  }

  /** Adds frames from `slice.next` on. False where that offset is damaged or missing. */
  async read(slice: SliceBuilder): Promise<boolean> {
    for (let segment = this.#holding(slice); segment; segment = this.#holding(slice)) {
      if (await segment.read(slice)) return true;
      // Compaction may have put another one in its place.
      if (segment === this.#holding(slice)) return false;
    }
    return false;
  }

  /** Writes a beginning of `frames`, at least one. Says how many; they can be read from here when it resolves. */
  async write(frames: readonly TailFrame[]): Promise<number> {
    const [first] = frames;
    if (!first) return 0;
    if (!this.#made) await this.#files.makeDirectory(this.#directory);
    this.#made = true;
    let segment = this.#active;
    if (!segment || segment.length >= this.#segmentBytes) {
      const offset = first.header.first;
      segment = new Segment(this.#shared, join(this.#directory, padded(offset) + APPENDED), offset, 0);
    }
    const room = Math.min(WRITE_BYTES, this.#segmentBytes - segment.length);
    let bytes = 0;
    let count = 0;
    for (; count < frames.length && bytes < room; count++) bytes += frames[count]?.bytes.length ?? 0;
    const written = frames.slice(0, count);
    const start = segment.length;
    await this.#descriptors.use(segment.path, "create", (file) =>
      file.writev(
        written.map((frame) => frame.bytes),
        start,
      ),
    );
    for (const { header } of written) {
      segment.note({ ...header, position: segment.length });
      segment.length += header.length;
    }
    this.#dirty.add(segment);
    if (segment !== this.#active) {
      this.#namesDirty = true;
      this.#segments = [...this.#segments, segment];
      this.#active = segment;
    }
    return count;
  }

  /** All that was written before is on disk when it resolves. */
  async sync(): Promise<SyncedEnd> {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const { end } = this;
    for (const { path } of dirty) await this.#descriptors.use(path, "write", (file) => file.datasync());
    if (this.#namesDirty) await this.#files.syncDirectory(this.#directory);
    this.#namesDirty = false;
    return end;
  }

  /** Unlinks those whose offsets are all before `offset`; `end` is the offset behind the last one. */
  async dropBefore(offset: number, end: number): Promise<void> {
    const count = offset >= end ? this.#segments.length : Math.max(0, this.indexOf(offset));
    const dropped = this.#segments.slice(0, count);
    this.#segments = this.#segments.slice(count);
    for (const segment of dropped) {
      this.#dirty.delete(segment);
      if (segment === this.#active) this.#active = undefined;
      await this.#files.unlink(segment.path);
      await this.#descriptors.forget(segment.path);
    }
  }

  /** What is written next begins a segment. */
  roll(): void {
    this.#active = undefined;
  }

  /** Compacts those that are not written to any more; one at a time takes its place. */
  async compact(newest: NewestRecords, replace: (compacted: Compacted) => Promise<void>): Promise<void> {
    const segments = this.#segments.filter((segment) => segment !== this.#active);
    for await (const compacted of compactSegments(segments, newest, this.#segmentBytes)) await replace(compacted);
  }

  /** Puts one segment in the place of several. After a crash there are both, or only the new one: either can be read. */
  async replace({ segments, parts, bytes, next: end }: Compacted): Promise<void> {
    const [first] = segments;
    if (!first || !segments.every((segment) => this.#segments.includes(segment))) return;
    const path = await this.#writeWhole(this.#compactedPath(first.first, end), parts);
    const next = new Segment(this.#shared, path, first.first, bytes);
    this.#segments = this.#segments.flatMap((each) =>
      each === first ? [next] : segments.includes(each) ? [] : [each],
    );
    for (const segment of segments) {
      this.#dirty.delete(segment);
      await this.#descriptors.forget(segment.path);
      if (segment.path !== path) await this.#files.unlink(segment.path);
    }
  }

  /** A segment with all that is left, in the place of one that is damaged, which moves to `aside`, or of one that is missing. */
  async repair(
    { first, next, parts }: { first: number; next: number; parts: readonly Uint8Array[] },
    damaged?: { path: string; aside: string },
  ): Promise<void> {
    if (!this.#made) await this.#files.makeDirectory(this.#directory);
    this.#made = true;
    const path = this.#compactedPath(first, next);
    if (damaged?.path !== path) await this.#writeWhole(path, parts);
    if (damaged) {
      await this.#descriptors.forget(damaged.path);
      await this.#files.rename(damaged.path, damaged.aside);
    }
    if (damaged?.path === path) await this.#writeWhole(path, parts);
    await this.#files.syncDirectory(this.#directory);
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    for (const { path } of this.#segments) await this.#descriptors.forget(path);
  }

  async #writeWhole(path: string, parts: readonly Uint8Array[]): Promise<string> {
    const unfinished = path + UNFINISHED;
    await this.#files.unlink(unfinished);
    try {
      await this.#descriptors.use(unfinished, "create", async (file) => {
        await file.writev(parts, 0);
        await file.datasync();
      });
    } finally {
      await this.#descriptors.forget(unfinished);
    }
    await this.#files.rename(unfinished, path);
    await this.#descriptors.forget(path);
    await this.#files.syncDirectory(this.#directory);
    return path;
  }

  #compactedPath(first: number, next: number): string {
    return join(this.#directory, `${padded(first)}-${padded(next)}${COMPACTED}`);
  }

  #holding({ next }: SliceBuilder): Segment | undefined {
    return this.#segments[this.indexOf(next)];
  }

  async #sizeOf(path: string): Promise<number> {
    return this.#descriptors.use(path, "write", (file) => file.size());
  }
}

interface Named {
  name: string;
  first: number;
  /** The offset that follows, which only the name of a compacted one says; else the first. */
  next: number;
}

/** Whether a file in the directory of a partition holds events. */
export function isSegment(name: string): boolean {
  return readName(name) !== undefined;
}

function readName(name: string): Named | undefined {
  const [, digits, end, suffix] = /^(\d+)(?:-(\d+))?(\.\w+)$/.exec(name) ?? [];
  if (suffix !== (end === undefined ? APPENDED : COMPACTED)) return undefined;
  const first = Number(digits);
  return { name, first, next: end === undefined ? first : Number(end) };
}

function padded(offset: number): string {
  return String(offset).padStart(16, "0");
}
