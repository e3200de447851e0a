/**
 * Writes the history into a file. A line is with the operating system when `record` returns, so it outlives every process;
 * this one is never killed.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Entry } from "./line.ts";

export class Recorder {
  readonly path: string;
  readonly #file: number;
  readonly #counts = new Map<string, number>();
  #seq = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "wx");
  }

  /** The number of the last line. */
  get seq(): number {
    return this.#seq;
  }

  /** @param n the sender's own number of the line; default: the next one, for a sender that lives in this process */
  record(from: string, entry: Entry, n: number = (this.#counts.get(from) ?? 0) + 1): void {
    this.#counts.set(from, n);
    this.#seq += 1;
    const line = Buffer.from(`${JSON.stringify({ seq: this.#seq, from, n, ...entry })}\n`);
    for (let written = 0; written < line.length;) written += writeSync(this.#file, line, written);
  }

  /** Writes the last line and closes the file. */
  end(from: string): void {
    this.record(from, { kind: "end" });
    closeSync(this.#file);
  }
}
