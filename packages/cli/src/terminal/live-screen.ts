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

  /** A line that is longer than the terminal is wide is cut: what wraps cannot be taken back. */
  draw(lines: readonly string[]): void {
    const { columns } = this.#output;
    const fitting = this.#fitting(lines).map((line) =>
      line.length > columns ? `${line.slice(0, columns - 1)}…` : line,
    );
    const up = this.#shown > 0 ? `\u001B[${this.#shown}A\r` : HIDE_CURSOR;
    this.#output.write(`${up}${CLEAR_TO_END}${fitting.join("\n")}\n`);
    this.#shown = fitting.length;
  }

  /** What has left the screen at the top cannot be taken back either. The last line stays, and the cursor has one. */
  #fitting(lines: readonly string[]): readonly string[] {
    const room = Math.max(3, this.#output.rows - 1);
    if (lines.length <= room) return lines;
    const shown = lines.slice(0, room - 2);
    return [...shown, `… ${lines.length - shown.length - 1} lines more`, ...lines.slice(-1)];
  }

  /** Leaves what is shown as it is. */
  end(): void {
    if (this.#shown > 0) this.#output.write(SHOW_CURSOR);
  }
}
