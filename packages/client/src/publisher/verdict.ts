/**
 * The verdict on each published event.
 * @pure
 */
import type { PublishingStep } from "nakadi-protocol";
import type { NakadiError } from "../errors/nakadi-error.ts";

export type VerdictStatus =
  /** Stored. */
  | "submitted"
  /** Not stored, and the server will never accept it: `step` and `detail` hold the reason. */
  | "rejected"
  /** Certainly not stored; may be sent again. */
  | "aborted"
  /** May or may not be stored. */
  | "unknown";

export interface Verdict {
  readonly status: VerdictStatus;
  /** `metadata.eid`, where the event has one. */
  readonly eid: string | undefined;
  /** The step that the server reports. */
  readonly step: PublishingStep | undefined;
  /** The reason; it may quote the event. */
  readonly detail: string | undefined;
  /** It was sent again with the same `eid` after a request that may have stored it, so it may be stored more than once. */
  readonly mayBeDuplicated: boolean;
}

export interface PublishResult {
  /** One verdict per event, in the order of the events. */
  readonly verdicts: readonly Verdict[];
  /** The last error that the events themselves did not cause, even if a retry succeeded afterwards. */
  readonly cause: NakadiError | undefined;
}
