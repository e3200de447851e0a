/**
 * The frames that were written or read last, up to a number of bytes: whoever reads at the end of a log reads no disk, and
 * whoever reads a large frame in small portions decodes it once.
 */
import { valueBytes } from "../cut-frame.ts";
import type { Frame } from "../ports.ts";

export interface CachedFrame {
  frame: Frame;
  /** Of all values. */
  bytes: number;
}

export class FrameCache {
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #frames = new Map<string, CachedFrame>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): CachedFrame | undefined {
    const found = this.#frames.get(key);
    if (!found) return undefined;
    this.#frames.delete(key);
    this.#frames.set(key, found);
    return found;
  }

  set(key: string, frame: Frame): CachedFrame {
    const cached = { frame, bytes: valueBytes(frame) };
    this.delete(key);
    this.#frames.set(key, cached);
    this.#bytes += sizeOf(cached);
    for (const oldest of this.#frames.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
    return cached;
  }

  delete(key: string): void {
    const found = this.#frames.get(key);
    if (found && this.#frames.delete(key)) this.#bytes -= sizeOf(found);
  }
}

/** Objects count too: a frame of tombstones is not for nothing. */
function sizeOf({ frame, bytes }: CachedFrame): number {
  return bytes + 200 * (frame.records.length + 1);
}
