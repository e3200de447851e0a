/** Dead letters as lines of JSON at the end of a file. */
import { appendFile } from "node:fs/promises";
import { text } from "../../options/checks.ts";
import { rawTextOf } from "../../publisher/raw-event.ts";
import type { DeadLetterSink } from "./dead-letter.ts";

/**
 * Appends dead letters to a file, one JSON object a line with the event's own bytes, on disk when it is done. The file is made where there is none, its
 * directory is not.
 * @throws {ConfigError}
 */
export function toFile(path: string): DeadLetterSink {
  const file = text("path", path);
  let last: Promise<void> = Promise.resolve();
  let torn = false;
  return (letter) => {
    // A write that failed may have left half a line; the next begins a new one.
    const line = `${rawTextOf(letter) ?? JSON.stringify(letter)}\n`;
    const write = last.then(async () => {
      const begin = torn ? "\n" : "";
      torn = true;
      await appendFile(file, begin + line, { flush: true });
      torn = false;
    });
    last = write.catch(() => undefined);
    return write;
  };
}
