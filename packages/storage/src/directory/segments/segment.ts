/**
 * One file of a partition: frames, one after the other. Marks in memory, one for a long stretch of bytes, say where to begin
 * to look; they are made while the file is written or searched, and nothing is lost where they are missing.
 */
import type { SliceBuilder } from "../../in-process/slice-builder.ts";
import type { Frame } from "../../ports.ts";
import type { OpenFile } from "../files.ts";
import type { Descriptors } from "./descriptors.ts";
import { FRAME_HEADER_BYTES, decodeFrame, isIntact, nextFrameMagic, readFrameHeader } from "./frame.ts";
import type { FrameHeader } from "./frame.ts";
import type { Chunk, ReadChunks } from "./read-chunks.ts";

/** Bytes between two marks, and of one look into the file. */
const MARK_BYTES = 256 * 1024;
/** Bytes that are looked at in one turn of the event loop. */
const TURN_BYTES = 1024 * 1024;
const MAX_READ_BYTES = 8 * 1024 * 1024;
/** Places where readers go on. */
const MAX_ENDS = 16;

/** A frame and where it begins in the file. */
export interface Mark extends FrameHeader {
  position: number;
}

export interface WholeFrame {
  header: FrameHeader;
  frame: Frame;
  bytes: Buffer;
}

/** What all segments share. */
export interface SegmentFiles {
  descriptors: Descriptors;
  chunks: ReadChunks;
}

export class Segment {
  /** Offset of the first frame; also its name. */
  readonly first: number;
  readonly path: string;
  /** Bytes that were written. */
  length: number;
  readonly #descriptors: Descriptors;
  readonly #chunks: ReadChunks;
  readonly #marks: Mark[] = [];
  readonly #ends = new Map<number, number>();
  /** Of a record in the frame that was read last. */
  #recordBytes = 0;

  constructor({ descriptors, chunks }: SegmentFiles, path: string, first: number, length: number) {
    this.#descriptors = descriptors;
    this.#chunks = chunks;
    this.path = path;
    this.first = first;
    this.length = length;
  }

  /** Marks that are in memory. */
  get markCount(): number {
    return this.#marks.length;
  }

  /** A frame of the file. */
  note(mark: Mark): void {
    const index = this.#marks.findLastIndex(({ position }) => position <= mark.position);
    const before = this.#marks[index];
    const after = this.#marks[index + 1];
    if (before && mark.position - before.position < MARK_BYTES) return;
    if (after && after.position - mark.position < MARK_BYTES) return;
    this.#marks.splice(index + 1, 0, mark);
  }

  /** The first frame; `undefined` where none can be read. */
  async head(): Promise<Mark | undefined> {
    const [first] = this.#marks;
    return first?.position === 0 ? first : this.find(() => false);
  }

  /**
   * The first intact header that is not `before`; `undefined` if there is none. `before` holds for all frames up to one for
   * which it holds. What is damaged is passed over.
   */
  async find(before: (header: FrameHeader) => boolean): Promise<Mark | undefined> {
    const start = this.#marks.findLast(before);
    let expected = start?.first ?? this.first;
    for (let at = start?.position ?? 0; ;) {
      const { position, bytes } = await this.#chunkAt(at, FRAME_HEADER_BYTES, MARK_BYTES);
      let within = at - position;
      if (bytes.length - within < FRAME_HEADER_BYTES) return undefined;
      while (bytes.length - within >= FRAME_HEADER_BYTES) {
        const header = readFrameHeader(bytes, within);
        // An event may look like a frame: behind damage, offsets go on.
        if (!header || header.first < expected) {
          const next = nextFrameMagic(bytes, within + 1);
          within = next < 0 ? bytes.length - FRAME_HEADER_BYTES + 1 : next;
          continue;
        }
        const mark = { ...header, position: position + within };
        if (!before(header)) return mark;
        this.note(mark);
        expected = header.last + 1;
        within += header.length;
      }
      at = position + within;
    }
  }

  /** Adds frames from `slice.next` on, by at most one read. False where that offset is damaged or missing. */
  async read(slice: SliceBuilder): Promise<boolean> {
    const from = slice.next;
    let position = this.#ends.get(from) ?? (await this.find(({ last }) => last < from))?.position;
    if (position === undefined) return false;
    let chunk = await this.#chunkAt(position, FRAME_HEADER_BYTES, this.#wantedBytes(slice));
    const first = readFrameHeader(chunk.bytes, position - chunk.position);
    if (first) chunk = await this.#chunkAt(position, first.length, this.#wantedBytes(slice));
    let more = true;
    while (more) {
      const next = wholeFrame(chunk, position);
      if (!next || next.header.first > slice.next || next.header.last < slice.next) break;
      const { header, frame } = next;
      this.#recordBytes = header.length / Math.max(1, header.count);
      more = slice.add(frame, header.last);
      if (slice.next > header.last) position += header.length;
    }
    // No whole frame is left in it: buffers that live on for nothing cost the garbage collector time.
    if (more) this.#chunks.drop(chunk);
    if (slice.next === from) return slice.full;
    this.#remember(slice.next, position);
    return true;
  }

  /** All intact frames, in order; `undefined` where something between them, or at the end, is damaged. */
  async *frames(): AsyncGenerator<WholeFrame | undefined, void, undefined> {
    const bytes = await this.#use(Buffer.alloc(0), (file) => readSome(file, 0, this.length));
    let expected = this.first;
    let damaged = bytes.length < this.length;
    let pause = TURN_BYTES;
    for (let at = 0; at < bytes.length;) {
      if (at > pause) {
        await new Promise((resolve) => void setImmediate(resolve));
        pause = at + TURN_BYTES;
      }
      const header = readFrameHeader(bytes, at);
      const frame = bytes.subarray(at, at + (header?.length ?? 0));
      if (!header || header.first < expected || frame.length < header.length || !isIntact(frame)) {
        damaged = true;
        const next = nextFrameMagic(bytes, at + 1);
        at = next < 0 ? bytes.length : next;
        continue;
      }
      if (damaged || header.first > expected) yield undefined;
      damaged = false;
      yield { header, frame: decodeFrame(frame, header), bytes: frame };
      expected = header.last + 1;
      at += header.length;
    }
    if (damaged) yield undefined;
  }

  /** Bytes of the file that hold what `slice` can take. */
  #wantedBytes({ wantedBytes, wantedRecords }: SliceBuilder): number {
    const bytes = this.#recordBytes > 0 ? Math.min(wantedBytes, wantedRecords * this.#recordBytes) : wantedBytes;
    return Math.ceil(Math.min(bytes * 1.125 + MARK_BYTES / 8, MAX_READ_BYTES));
  }

  /** What was read before, if that is at least `least` bytes from `position` on; else `least`, or as many as are wanted. */
  async #chunkAt(position: number, least: number, wanted: number): Promise<Chunk> {
    const found = this.#chunks.find(this, position, least);
    if (found) return found;
    // What lies behind the length is being written.
    const length = Math.min(Math.max(least, wanted, MARK_BYTES), Math.max(0, this.length - position));
    const bytes = await this.#use(Buffer.alloc(0), (file) => readSome(file, position, length));
    const chunk = { of: this, position, bytes };
    this.#chunks.add(chunk);
    return chunk;
  }

  /** @param otherwise where the file is missing */
  async #use<T>(otherwise: T, work: (file: OpenFile) => Promise<T>): Promise<T> {
    try {
      return await this.#descriptors.use(this.path, "write", work);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
      throw error;
    }
  }

  #remember(offset: number, position: number): void {
    this.#ends.set(offset, position);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > MAX_ENDS && oldest !== undefined) this.#ends.delete(oldest);
  }
}

/** `undefined` where no whole, intact frame begins at `position`. Each frame is checked once as long as it is held. */
function wholeFrame(chunk: Chunk, position: number): Chunk["last"] {
  if (chunk.last?.position === position) return chunk.last;
  const within = position - chunk.position;
  const header = readFrameHeader(chunk.bytes, within);
  const bytes = chunk.bytes.subarray(within, within + (header?.length ?? 0));
  if (!header || bytes.length < header.length || !isIntact(bytes)) return undefined;
  return (chunk.last = { position, header, frame: decodeFrame(bytes, header) });
}

async function readSome(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await file.read(bytes, position));
}
