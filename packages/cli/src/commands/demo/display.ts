/** Shows the demo's course: redrawn in place on a terminal, a line for each piece of news elsewhere. */
import type { Output } from "../../context.ts";
import { LiveScreen } from "../../terminal/live-screen.ts";
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

function liveDisplay(output: Output): Display {
  const screen = new LiveScreen(output);
  return {
    show: (view) => screen.draw(renderView(view, output.columns)),
    news: () => undefined,
    end: () => screen.end(),
  };
}
