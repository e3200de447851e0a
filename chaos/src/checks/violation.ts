/**
 * What a check found.
 * @pure
 */
import type { Line } from "../history/line.ts";

export type Rule =
  /** A line is not there, so the history proves nothing. */
  | "missing-line"
  /** An event with the result "submitted" is not stored. */
  | "lost"
  /** An acknowledged event was never handled to its end, nor dead-lettered. */
  | "not-handled"
  /** Two events were seen at one offset. */
  | "changed-offset"
  /** An event that was acknowledged at its first attempt lies at two offsets. */
  | "stored-twice"
  /** What the server had taken a commit of came again, or the position went back. */
  | "committed-again"
  /** Events of a lane came, or were handled, out of their order; or a lane went on where nothing was committed. */
  | "lane-order"
  /** A commit covers an event that was not handled. */
  | "committed-unhandled"
  /** A batch of a stream that the consumer knew to be over was handled. */
  | "stale-batch"
  /** Events of one key are not stored in the order in which they were sent. */
  | "key-order"
  /** A publisher that was stopped gave up what it had accepted, though it had time. */
  | "given-up"
  /** An event that its publisher took for not stored is stored. */
  | "untruthful"
  /** A poisonous event has no dead letter, or a sound one has. */
  | "dead-letters"
  /** A process ended by itself. */
  | "died"
  /** Something hangs. */
  | "stuck";

export interface Violation {
  rule: Rule;
  /** The line that shows it; 0 where it is the history as a whole. */
  seq: number;
  what: string;
}

export type Check = (history: readonly Line[]) => Violation[];

/** Lines of one kind, with the members of that kind. */
export function ofKind<K extends Line["kind"]>(history: readonly Line[], kind: K): Extract<Line, { kind: K }>[] {
  return history.filter((line): line is Extract<Line, { kind: K }> => line.kind === kind);
}
