/**
 * Lines of a byte stream: each byte is looked at once and copied at most once, whatever the chunks are.
 * @pure
 */

/** A line grew beyond the limit before its end came. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
  readonly maxLineBytes: number;

  constructor(maxLineBytes: number) {
    super(`A line is longer than ${maxLineBytes} bytes.`);
    this.maxLineBytes = maxLineBytes;
  }
}

const LINE_FEED = 10;
const WHITE_SPACE: readonly (number | undefined)[] = [32, 9, 13];

/** Whether a line says nothing: it keeps the connection alive, and may end in CRLF. */
export function isBlank(line: Uint8Array): boolean {
  return WHITE_SPACE.includes(line[0]) ? line.every((byte) => WHITE_SPACE.includes(byte)) : line.length === 0;
}

/** Copied in a step; takes far less than a millisecond, also where the memory is new. */
const STEP_BYTES = 1024 * 1024;

/**
 * Cuts chunks into lines without their `\n`. A line that lies inside one chunk is a view of that chunk: it is valid
 * as long as the chunk is, and keeping it longer keeps the whole chunk alive.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #parts: Uint8Array[] = [];
  #pendingBytes = 0;

  /** @param maxLineBytes bytes in a line at most, its `\n` not counted; 1 or more */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Bytes of a line whose end has not come yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * The lines that `chunk` completes, in order.
   * @throws {LineTooLongError} after the lines before the one that is too long
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (const line of this.steps(chunk)) if (line) yield line;
  }

  /**
   * As `push`, with `undefined` between the steps of what takes long: a caller that waits there for the next turn of the
   * event loop does not hold it, however long a line is.
   * @throws {LineTooLongError} after the lines before the one that is too long
   */
  *steps(chunk: Uint8Array): Generator<Uint8Array | undefined, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#demand(end - start);
      const last = chunk.subarray(start, end);
      yield this.#parts.length === 0 ? last : yield* this.#join(last);
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#demand(chunk.length - start);
    this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
    this.#pendingBytes += chunk.length - start;
  }

  #demand(more: number): void {
    if (this.#pendingBytes + more > this.#maxLineBytes) throw new LineTooLongError(this.#maxLineBytes);
  }

  *#join(last: Uint8Array): Generator<undefined, Uint8Array, undefined> {
    const parts = [...this.#parts, last];
    // Every byte of it is written below.
    const line = Buffer.allocUnsafeSlow(this.#pendingBytes + last.length);
    this.#parts = [];
    this.#pendingBytes = 0;
    let at = 0;
    let stepEnd = STEP_BYTES;
    for (const part of parts) {
      line.set(part, at);
      at += part.length;
      if (at < stepEnd) continue;
      stepEnd = at + STEP_BYTES;
      yield undefined;
    }
    return line;
  }
}
