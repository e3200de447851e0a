/** Shows the demo's course: redrawn in place on a terminal, a line for each piece of news elsewhere. */
import type { Output } from "../../context.ts";
import { type DemoView, renderView } from "./view.ts";

export interface Display {
  show(view: DemoView): void;
  news(text: string): void;
  /** Leaves what is shown as it is. */
  end(): void;
}

export function displayFor(output: Output): Display {
  return output.isTTY ? liveDisplay(output) : plainDisplay(output);
}

function plainDisplay(output: Output): Display {
  return { show: () => undefined, news: (text) => output.write(`${text}\n`), end: () => undefined };
}

const CLEAR_TO_END = "\u001B[0J";
const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";

function liveDisplay(output: Output): Display {
  let shown = 0;
  return {
    show(view) {
      const lines = renderView(view, output.columns);
      const up = shown > 0 ? `\u001B[${shown}A\r` : HIDE_CURSOR;
      output.write(`${up}${CLEAR_TO_END}${lines.join("\n")}\n`);
      shown = lines.length;
    },
    news: () => undefined,
    end: () => output.write(SHOW_CURSOR),
  };
}
