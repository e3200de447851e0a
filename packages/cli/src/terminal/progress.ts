/** How far a long piece of work has come, on standard error where a person watches, and nowhere else. */
import type { Output } from "../context.ts";
import { StatusLine } from "./status-line.ts";

const WIDTH = 24;

export class Progress {
  readonly #line: StatusLine;
  readonly #title: string;
  #text = "";

  constructor(output: Output, title: string, quiet: boolean) {
    this.#title = title;
    this.#line = new StatusLine(output, quiet, () => this.#text);
  }

  /** `done` of `total`, which is `NaN` where it is not known, and a word on it. */
  update(done: number, total: number, note: string): void {
    this.#text = `${this.#title} ${bar(done / total)}${note}`;
    this.#line.changed();
  }

  /** Everything that is written, to either output, while the line is shown. */
  above(write: () => void): void {
    this.#line.above(write);
  }

  end(): void {
    this.#line.end();
  }
}

function bar(share: number): string {
  if (!Number.isFinite(share)) return "";
  const done = Math.min(1, Math.max(0, share));
  const full = Math.floor(done * WIDTH);
  return `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${Math.floor(done * 100)}% `;
}
