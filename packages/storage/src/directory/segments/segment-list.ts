/**
 * The segments of one partition: which holds an offset, which is written to, which are on disk for certain.
 */
import { join } from "node:path";
import type { Files } from "../files.ts";
import type { Descriptors } from "./descriptors.ts";
import { Segment } from "./segment.ts";
import type { SliceBuilder } from "./slice-builder.ts";
import type { TailFrame } from "./tail.ts";

/** A segment that has reached this goes on in a new one. */
const SEGMENT_BYTES: number = 32 * 1024 * 1024;
/** Bytes of one write. */
const WRITE_BYTES = 2 * 1024 * 1024;
const SUFFIX = ".seg";
/** Of a segment that compaction is writing. */
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
  readonly #directory: string;
  readonly #segmentBytes: number;
  #segments: readonly Segment[] = [];
  /** The last one, if it can be written to. */
  #active: Segment | undefined;
  #made = false;
  readonly #dirty = new Set<Segment>();
  /** There are names in the directory that may not be on disk. */
  #namesDirty = false;

  constructor(files: Files, descriptors: Descriptors, directory: string, segmentBytes: number = SEGMENT_BYTES) {
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#descriptors = descriptors;
    this.#directory = directory;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  /** Finds what is there, without what was written behind `end`: the journal has that too. */
  async load(end: SyncedEnd): Promise<void> {
    const segments: Segment[] = [];
    for (const name of await this.#files.list(this.#directory)) {
      this.#made = true;
      const path = join(this.#directory, name);
      const first = Number(name.slice(0, -SUFFIX.length));
      if (!name.endsWith(SUFFIX) || end.segment === null || first > end.segment) await this.#files.unlink(path);
      else segments.push(new Segment(this.#descriptors, path, first, await this.#sizeOf(path)));
    }
    this.#segments = segments.toSorted((one, other) => one.first - other.first);
    const last = this.#segments.at(-1);
    // A last one that is too short is damaged: nothing is added to it.
    if (last?.first !== end.segment || last === undefined || last.length < end.length) return;
    if (last.length > end.length) await this.#descriptors.use(last.path, "write", (file) => file.truncate(end.length));
    last.length = end.length;
    this.#active = last;
  }

  /** Index of the segment that holds `offset`, or would hold it; -1 if that is none. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.first ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Adds frames from `slice.next` on. False where that offset is damaged or missing. */
  async read(slice: SliceBuilder): Promise<boolean> {
    return (await this.#segments[this.indexOf(slice.next)]?.read(slice)) ?? false;
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
      const name = `${String(offset).padStart(16, "0")}${SUFFIX}`;
      segment = new Segment(this.#descriptors, join(this.#directory, name), offset, 0);
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
    const last = this.#segments.at(-1);
    const end = { segment: last?.first ?? null, length: last?.length ?? 0 };
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

  /** Takes `bytes` as the new content of a segment that is not written to any more. */
  async replace(segment: Segment, bytes: readonly Uint8Array[]): Promise<void> {
    const unfinished = segment.path + UNFINISHED;
    let length = 0;
    await this.#files.unlink(unfinished);
    try {
      await this.#descriptors.use(unfinished, "create", async (file) => {
        await file.writev(bytes, 0);
        for (const part of bytes) length += part.length;
        await file.datasync();
      });
    } finally {
      await this.#descriptors.forget(unfinished);
    }
    await this.#files.rename(unfinished, segment.path);
    await this.#descriptors.forget(segment.path);
    await this.#files.syncDirectory(this.#directory);
    const next = new Segment(this.#descriptors, segment.path, segment.first, length);
    this.#segments = this.#segments.map((each) => (each === segment ? next : each));
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    for (const { path } of this.#segments) await this.#descriptors.forget(path);
  }

  async #sizeOf(path: string): Promise<number> {
    return this.#descriptors.use(path, "write", (file) => file.size());
  }
}
