/**
 * What a consumer writes down about each batch, one JSON object a line, before it commits the batch.
 * @pure
 */

/** The program has done its work for a batch and is about to commit it. */
export interface Handled {
  kind: "handled";
  atMs: number;
  stream: string;
  partition: string;
  offset: string;
  /** In the order of the batch. */
  eids: string[];
}

/** The server has taken the commit of a batch. */
export interface Committed {
  kind: "committed";
  atMs: number;
  stream: string;
  partition: string;
  offset: string;
}

export type JournalEntry = Handled | Committed;

/** Finer than a millisecond, and the same for all processes of a machine. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

export function parseJournal(text: string): JournalEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JournalEntry);
}
