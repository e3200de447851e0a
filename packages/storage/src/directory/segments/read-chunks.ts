/**
 * The stretches of segments that were read last, of all partitions together, within a number of bytes: a read that goes on in
 * one of them takes nothing from the disk.
 */
import type { Frame } from "../../ports.ts";
import type { FrameHeader } from "./frame.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_CHUNKS = 64;

export interface Chunk {
  /** The file, which is an object of its own for each version of its content. */
  readonly of: object;
  /** Where it begins in the file. */
  readonly position: number;
  readonly bytes: Buffer;
  /** The frame that was read last from here, which a read may have taken in part. */
  last?: { position: number; header: FrameHeader; frame: Frame };
}

export class ReadChunks {
  /** The least recently used first. */
  readonly #chunks: Chunk[] = [];
  #bytes = 0;

  /** One that has at least `least` bytes from `position` on. */
  find(of: object, position: number, least: number): Chunk | undefined {
    const index = this.#chunks.findLastIndex(
      (chunk) => chunk.of === of && chunk.position <= position && end(chunk) - position >= least,
    );
    const [found] = index < 0 ? [] : this.#chunks.splice(index, 1);
    if (found) this.#chunks.push(found);
    return found;
  }

  drop(chunk: Chunk): void {
    const index = this.#chunks.indexOf(chunk);
    if (index < 0) return;
    this.#chunks.splice(index, 1);
    this.#bytes -= chunk.bytes.length;
  }

  add(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.length;
    while (this.#bytes > MAX_BYTES || this.#chunks.length > MAX_CHUNKS)
      this.#bytes -= this.#chunks.shift()?.bytes.length ?? 0;
  }
}

function end({ position, bytes }: Chunk): number {
  return position + bytes.length;
}
