/**
 * What became of each event (design 3.3, rule 9).
 * @pure
 */
import type { PublishingStep } from "nakadi-protocol";
import type { NakadiError } from "../errors/nakadi-error.ts";

export type VerdictStatus =
  /** Stored. */
  | "submitted"
  /** Not stored, and the server will never take it: `step` and `detail` say why. */
  | "rejected"
  /** Certainly not stored; may be sent again. */
  | "aborted"
  /** May or may not be stored. */
  | "unknown";

export interface Verdict {
  readonly status: VerdictStatus;
  /** `metadata.eid`, where the event has one. */
  readonly eid: string | undefined;
  /** How far the server came with it, where it says so. */
  readonly step: PublishingStep | undefined;
  /** Why, in words that may quote the event. */
  readonly detail: string | undefined;
  /** It was sent again, with the same `eid`, after a try that may have stored it: it may be there more than once. */
  readonly mayBeDuplicated: boolean;
}

export interface PublishResult {
  /** One verdict an event, in the order of the events. */
  readonly verdicts: readonly Verdict[];
  /** What went wrong last, where something did but the events themselves; also where it was mended since. */
  readonly cause: NakadiError | undefined;
}
