/** One line at the bottom of a terminal that says how far something is; nowhere else. */
import type { Output } from "../context.ts";
import { visible } from "../output/visible.ts";

const CLEAR = "\r\u001B[2K";
const REFRESH_MS = 200;

export class StatusLine {
  readonly #output: Output;
  readonly #text: () => string;
  readonly #paint: (text: string) => string;
  readonly #timer: NodeJS.Timeout | undefined;
  #shown = false;
  #drawnMs = -Infinity;

  /**
   * @param text asked a few times a second; nothing is shown while it is empty
   * @param paint colours what of it fits the line
   */
  constructor(output: Output, quiet: boolean, text: () => string, paint = (fitting: string): string => fitting) {
    this.#output = output;
    this.#text = text;
    this.#paint = paint;
    if (output.isTTY && !quiet) this.#timer = setInterval(() => this.#draw(), REFRESH_MS);
  }

  /** What it says has changed. Work that leaves no time to a timer is seen all the same. */
  changed(): void {
    if (this.#timer && performance.now() - this.#drawnMs >= REFRESH_MS) this.#draw();
  }

  /** Everything that is written while the line may be shown, to whichever output: it stands above the line. */
  above(write: () => void): void {
    this.#clear();
    write();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    const text = visible(this.#text()).slice(0, this.#output.columns - 1);
    if (text === "") return;
    this.#output.write(`${CLEAR}${this.#paint(text)}`);
    this.#drawnMs = performance.now();
    this.#shown = true;
  }

  #clear(): void {
    if (this.#shown) this.#output.write(CLEAR);
    this.#shown = false;
  }
}
