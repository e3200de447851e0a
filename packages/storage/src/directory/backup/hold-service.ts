/**
 * What a running broker does for a backup in another process, over the socket of the directory's owner. One line asks,
 * one line of JSON answers:
 *
 *     alive      {}                       within 30 s after the last line, or the connection ends
 *     hold       {"position", "fileBytes", "lastLog"} from now on nothing is taken away from the directory; the journal is
 *                                         durable up to the position, and cut into files of this size
 *     confirm    {"held"}                 whether it was so up to now; the hold ends
 *
 * A hold ends with its connection as well.
 */
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Background } from "../background.ts";
import type { FileJournal } from "../journal/file-journal.ts";
import type { JournalPosition } from "../journal/entry.ts";

const SILENCE_MS = 30_000;

/** Where the journal may be cut. */
export interface JournalCut {
  position: JournalPosition;
  /** Of the journal's files. */
  fileBytes: number;
  /** Segments of logs with a higher number may be of logs that are created behind the position. */
  lastLog: number;
}

export interface HeldParts {
  background: Background;
  journal: Pick<FileJournal, "durable" | "end" | "whenDurable" | "fileBytes">;
  logs: { readonly catalogue: { readonly lastNumber: number } };
}

/** @param silenceMs after which a connection without a line ends */
export function serveBackup(
  socket: Socket,
  { background, journal, logs }: HeldParts,
  silenceMs: number = SILENCE_MS,
): void {
  let held: Disposable | undefined;
  const release = (): void => {
    held?.[Symbol.dispose]();
    held = undefined;
  };
  const answers: Readonly<Record<string, () => Promise<unknown>>> = {
    alive: async () => ({}),
    hold: async () => {
      const next = await background.hold();
      release();
      held = next;
      if (socket.destroyed) release();
      const { lastNumber: lastLog } = logs.catalogue;
      await journal.whenDurable(journal.end);
      return { position: journal.durable, fileBytes: journal.fileBytes, lastLog } satisfies JournalCut;
    },
    confirm: async () => {
      const answer = { held: held !== undefined };
      release();
      return answer;
    },
  };
  // The process may end.
  socket.unref();
  socket.setTimeout(silenceMs, () => socket.destroy());
  socket.once("close", release);
  createInterface({ input: socket }).on("line", (line) => {
    const answer = Object.hasOwn(answers, line) ? answers[line] : undefined;
    if (!answer) return void socket.destroy();
    answer().then(
      (value) => socket.write(`${JSON.stringify(value)}\n`),
      () => socket.destroy(),
    );
  });
}
