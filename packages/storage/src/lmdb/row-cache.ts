/**
 * The rows that were written or read last, up to a number of bytes: whoever reads at the end of a log reads no disk, and
 * whoever reads a large frame in small portions decodes it once.
 */
import { valueBytes } from "../cut-frame.ts";
import type { Frame } from "../ports.ts";

export interface CachedRow {
  first: number;
  last: number;
  /** None where the records of these offsets are lost. */
  frames: readonly { frame: Frame; /** Of all values. */ bytes: number }[];
}

export function cachedRow({ first, last }: { first: number; last: number }, frames: readonly Frame[]): CachedRow {
  return { first, last, frames: frames.map((frame) => ({ frame, bytes: valueBytes(frame) })) };
}

export class RowCache {
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #rows = new Map<string, CachedRow>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): CachedRow | undefined {
    const found = this.#rows.get(key);
    if (!found) return undefined;
    this.#rows.delete(key);
    this.#rows.set(key, found);
    return found;
  }

  set(key: string, row: CachedRow): CachedRow {
    this.delete(key);
    this.#rows.set(key, row);
    this.#bytes += sizeOf(row);
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
    return row;
  }

  delete(key: string): void {
    const found = this.#rows.get(key);
    if (found && this.#rows.delete(key)) this.#bytes -= sizeOf(found);
  }
}

/** Objects count too: a frame of tombstones is not for nothing. */
function sizeOf({ frames }: CachedRow): number {
  let size = 200;
  for (const { frame, bytes } of frames) size += bytes + 200 * (frame.records.length + 1);
  return size;
}
