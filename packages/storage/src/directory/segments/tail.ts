/**
 * The frames of a partition that are in the journal, or on their way to it, and not in a segment yet.
 */
import { firstIndex } from "../../in-process/binary-search.ts";
import type { SliceBuilder } from "../../in-process/slice-builder.ts";
import type { JournalPosition } from "../journal/entry.ts";
import { decodeFrame } from "./frame.ts";
import type { FrameHeader } from "./frame.ts";

export interface TailFrame {
  header: FrameHeader;
  bytes: Buffer;
  /** Where its entry ends in the journal. */
  end: JournalPosition;
}

export class Tail {
  #frames: TailFrame[] = [];

  get first(): TailFrame | undefined {
    return this.#frames[0];
  }

  push(frame: TailFrame): void {
    this.#frames.push(frame);
  }

  /** Those whose entries end at `position` or before. */
  until(position: JournalPosition): readonly TailFrame[] {
    const count = this.#search(({ end }) => end > position);
    return this.#frames.slice(0, count);
  }

  /** Forgets the first `count`. */
  drop(count: number): void {
    this.#frames = this.#frames.slice(count);
  }

  /** The first that is not `before`, which holds for all up to one for which it holds. */
  find(before: (header: FrameHeader) => boolean): FrameHeader | undefined {
    return this.#frames[this.#frames.findLastIndex(({ header }) => before(header)) + 1]?.header;
  }

  /** Adds frames from `slice.next` on, up to the offset `end`. */
  read(slice: SliceBuilder, end: number): void {
    for (let index = this.#search(({ header }) => header.last >= slice.next); ; index++) {
      const frame = this.#frames[index];
      if (!frame || frame.header.first >= end) return;
      if (!slice.add(decodeFrame(frame.bytes, frame.header), frame.header.last)) return;
    }
  }

  /** Index of the first for which `found` holds, where it holds for all behind it too. */
  #search(found: (frame: TailFrame) => boolean): number {
    return firstIndex(this.#frames, 0, found);
  }
}
