/**
 * Checkpoints: everything before a position of the journal gets to where it stays, and the journal's files before it are used
 * again. In the background, when the journal has grown by as much as the last snapshot has bytes; so nothing is written more
 * than twice, and a start has no more to replay.
 */
import type { Rows } from "../in-process/rows.ts";
import type { Background } from "./background.ts";
import type { Files } from "./files.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import type { JournalPosition } from "./journal/entry.ts";
import { writeSnapshot } from "./rows/snapshot.ts";

/** Bytes of the journal between two checkpoints, at least. */
const MIN_BYTES = 64 * 1024 * 1024;

export interface CheckpointParts {
  files: Files;
  directory: string;
  rows: Rows;
  journal: FileJournal;
  background: Background;
  /** Resolves when all frames before `position` are on disk elsewhere, and the rows say where. */
  flush: (position: JournalPosition) => Promise<void>;
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
  #started = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#position = parts.position;
  }

  /** What there is to flush is open. */
  start(): void {
    this.#started = true;
    this.consider();
  }

  /** Begins one if it is time. After each append. */
  consider(): void {
    const { journal, minBytes = MIN_BYTES } = this.#parts;
    if (!this.#started || this.#running || journal.end - this.#position < Math.max(minBytes, this.#snapshotBytes))
      return;
    this.#running = this.#parts.background.run(() => this.#run()).finally(() => (this.#running = undefined));
  }

  /** The last one: a start finds nothing to replay. */
  async close(): Promise<void> {
    await this.#running;
    if (this.#parts.journal.end > this.#position) await this.#run();
  }

  /** A failed one is a failed write: nothing is written any more. */
  async #run(): Promise<void> {
    const { files, directory, rows, journal, flush } = this.#parts;
    if (journal.failed) return;
    try {
      const position = journal.end;
      await flush(position);
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
