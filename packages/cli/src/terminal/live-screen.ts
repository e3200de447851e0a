/** Lines that are redrawn in place, on a terminal. */
import type { Output } from "../context.ts";

const CLEAR_TO_END = "\u001B[0J";
const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";

export class LiveScreen {
  readonly #output: Output;
  #shown = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** No line may be longer than the terminal is wide: what wraps cannot be taken back. */
  draw(lines: readonly string[]): void {
    const up = this.#shown > 0 ? `\u001B[${this.#shown}A\r` : HIDE_CURSOR;
    this.#output.write(`${up}${CLEAR_TO_END}${lines.join("\n")}\n`);
    this.#shown = lines.length;
  }

  /** Leaves what is shown as it is. */
  end(): void {
    if (this.#shown > 0) this.#output.write(SHOW_CURSOR);
  }
}
