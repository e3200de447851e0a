/**
 * What the rest of the engine sees of its journal: one sequence of entries for everything, in the order of the calls.
 */

/** `frames`: one append to one partition of one log. `rows`: all rows of one write. */
export type EntryKind = "frames" | "rows";

/** A place in the journal: bytes from its very beginning; grows with each entry and is never used again. */
export type JournalPosition = number;

export interface Journal {
  /**
   * Takes the next place at once, so that the order on disk is the order of the calls. `parts` are written as they are and
   * must not change. Says where the entry ends: it is durable when `durable` has reached that.
   * @throws {StorageFailedError} where nothing is written any more
   */
  append(kind: EntryKind, parts: readonly Uint8Array[]): JournalPosition;
  /** Everything before this is on disk. */
  readonly durable: JournalPosition;
  /** Everything before this was appended. */
  readonly end: JournalPosition;
  /** Resolves when everything before `position` is on disk. @throws {StorageFailedError} which says whether it had begun */
  whenDurable(position: JournalPosition): Promise<void>;
  /** Ends all writing, as a failed write does: for what fails outside the journal. */
  fail(cause: unknown): void;
}

/** An entry as it was found when the directory was opened. */
export interface Entry {
  kind: EntryKind;
  /** Where it begins, and where it ends. */
  position: JournalPosition;
  end: JournalPosition;
  /** Belongs to the receiver. */
  payload: Buffer;
}
