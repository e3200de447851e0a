/**
 * What a read has found so far: frames from an offset on, as many as it asked for.
 */
import { cutFrame, lastOf, valueBytes } from "../../cut-frame.ts";
import type { Frame } from "../../ports.ts";
import type { FrameHeader } from "./frame.ts";

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

  /** The frame that holds `next`. Says whether the one behind it is wanted too. */
  add({ last }: FrameHeader, frame: Frame): boolean {
    const skip = frame.offsets.findIndex((offset) => offset >= this.next);
    if (skip < 0) {
      this.next = last + 1;
      return true;
    }
    const bytes = valueBytes(frame);
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
