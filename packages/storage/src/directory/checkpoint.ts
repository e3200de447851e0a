/**
 * Checkpoints: everything before a position of the journal gets to where it stays, and the journal's files before it are used
 * again. In the background, when the journal has grown by as much as the last snapshot has bytes; so nothing is written more
 * than twice, and a start has no more to replay.
 */
import type { Rows } from "../in-process/rows.ts";
import type { Files } from "./files.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import type { JournalPosition } from "./journal/journal.ts";
import { writeSnapshot } from "./rows/snapshot.ts";

/** Bytes of the journal between two checkpoints, at least. */
const MIN_BYTES = 64 * 1024 * 1024;

/** What logs do for a checkpoint. */
export interface CheckpointedLogs {
  /** At once: rows that a start needs beside the entries from the journal's end on. */
  noteRows(): void;
  /** Resolves when all frames that are before `position` in the journal are on disk elsewhere. */
  flush(position: JournalPosition): Promise<void>;
}

export interface CheckpointParts {
  files: Files;
  directory: string;
  rows: Rows;
  journal: FileJournal;
  logs: CheckpointedLogs;
  /** Of the snapshot that is there. */
  position: JournalPosition;
  /** For tests. */
  minBytes?: number | undefined;
}

export class Checkpoints {
  readonly #parts: CheckpointParts;
  #position: JournalPosition;
  #snapshotBytes = 0;
  #running: Promise<void> | undefined;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#position = parts.position;
  }

  /** Begins one if it is time. After each append. */
  consider(): void {
    const { journal, minBytes = MIN_BYTES } = this.#parts;
    if (this.#running || journal.end - this.#position < Math.max(minBytes, this.#snapshotBytes)) return;
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  /** The last one: a start finds nothing to replay. */
  async close(): Promise<void> {
    await this.#running;
    if (this.#parts.journal.end > this.#position) await this.#run();
  }

  /** A failed one is a failed write: nothing is written any more. */
  async #run(): Promise<void> {
    const { files, directory, rows, journal, logs } = this.#parts;
    if (journal.failed) return;
    try {
      const position = journal.end;
      logs.noteRows();
      await logs.flush(position);
      this.#snapshotBytes = await writeSnapshot(files, directory, {
        rows,
        position,
        durable: () => journal.whenDurable(journal.end),
      });
      this.#position = position;
      await journal.recycle(position);
    } catch (error) {
      journal.fail(error);
    }
  }
}
