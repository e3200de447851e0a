/** How far a long piece of work has come, on standard error where a person watches, and nowhere else. */
import type { SingleBar } from "cli-progress";
import type { Output } from "../context.ts";

export interface Progress {
  /** `done` of the total that `start` was given, and a word on it. */
  update(done: number, note: string): void;
  end(): void;
}

const SILENT: Progress = { update: () => undefined, end: () => undefined };

export async function progressOn(output: Output, title: string, total: number, quiet: boolean): Promise<Progress> {
  if (!output.isTTY || quiet || total <= 0) return SILENT;
  const { SingleBar: Bar, Presets } = await import("cli-progress");
  // It writes and asks for the width; nothing else of a stream is used.
  const stream = output as unknown as NodeJS.WriteStream;
  const format = `${title} {bar} {percentage}% {note}`;
  const bar: SingleBar = new Bar(
    { stream, format, barsize: 24, hideCursor: true, clearOnComplete: true },
    Presets.shades_grey,
  );
  bar.start(total, 0, { note: "" });
  return {
    update: (done, note) => bar.update(Math.min(done, total), { note }),
    end: () => bar.stop(),
  };
}
