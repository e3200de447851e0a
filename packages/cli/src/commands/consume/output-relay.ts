/** Hands on what a command writes, byte by byte and no faster than the reader of the output takes it. */
import type { Readable } from "node:stream";
import type { Output } from "../../context.ts";

/** More than a pipe holds: what has not come by then was written after the command had exited. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

export class OutputRelay {
  readonly #source: Readable;
  readonly #output: Output;
  /** Bytes that came so far. */
  #received = 0;
  /** Settled when the reader has taken all that came. */
  #taken: Promise<void> = Promise.resolve();

  constructor(source: Readable, output: Output) {
    this.#source = source;
    this.#output = output;
    source.on("data", (chunk: Buffer) => this.#handOn(chunk)).on("error", () => undefined);
  }

  /**
   * Resolves when all that the command wrote before it exited has been taken. A process that it left behind may hold the
   * pipe open: the end of the pipe says nothing about the command.
   */
  async caughtUp(): Promise<void> {
    const held = this.#received + MAX_HELD_BYTES;
    for (let before = -1; before !== this.#received && this.#received < held && !this.#source.closed;) {
      before = this.#received;
      // What the pipe holds is read in the next turn of the event loop.
      await nextTurn();
      await nextTurn();
      await this.#taken;
    }
  }

  /** Goes on handing on what a process that was left behind writes, for as long as this process runs for another reason. */
  leave(): void {
    if ("unref" in this.#source && typeof this.#source.unref === "function") this.#source.unref();
  }

  #handOn(chunk: Buffer): void {
    this.#received += chunk.length;
    this.#source.pause();
    this.#output.write(chunk);
    this.#taken = this.#output.drained().then(() => void this.#source.resume());
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
