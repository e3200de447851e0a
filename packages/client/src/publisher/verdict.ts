/**
 * What became of each event (design 3.3, rule 9).
 * @pure
 */
import type { BatchItemResponse, PublishingStep } from "nakadi-protocol";

export type VerdictStatus =
  /** Stored. */
  | "submitted"
  /** The server will never take it: `step` and `detail` say why. */
  | "rejected"
  /** Certainly not stored; may be sent again. */
  | "aborted"
  /** May or may not be stored. */
  | "unknown";

export interface Verdict {
  readonly status: VerdictStatus;
  readonly eid: string | undefined;
  /** How far the server came with it. */
  readonly step: PublishingStep | undefined;
  readonly detail: string | undefined;
}

/** One verdict an event, in the order of the events. */
export interface PublishResult {
  readonly verdicts: readonly Verdict[];
}

export const SUBMITTED: Verdict = { status: "submitted", eid: undefined, step: undefined, detail: undefined };

/**
 * The verdicts of an answer with items, 422 or 207; `undefined` where it has none for each event.
 * Statuses decide, never steps: events that came before a bad one read `validating` too (clients.md S8).
 */
export function verdictsOf(status: number, items: unknown, count: number): Verdict[] | undefined {
  if (!Array.isArray(items) || items.length !== count) return undefined;
  const verdicts = (items as (Partial<BatchItemResponse> | null)[]).map((item) => verdictOf(status, item));
  return verdicts.every((verdict) => verdict !== undefined) ? verdicts : undefined;
}

function verdictOf(status: number, item: Partial<BatchItemResponse> | null): Verdict | undefined {
  const known = item && { eid: item.eid || undefined, step: item.step, detail: item.detail || undefined };
  switch (item?.publishing_status) {
    case "submitted":
      return { status: "submitted", ...(known as Omit<Verdict, "status">) };
    case "failed":
      // After the storage was asked, a failure says nothing about the event.
      return { status: status === 422 ? "rejected" : "unknown", ...(known as Omit<Verdict, "status">) };
    case "aborted":
      return { status: status === 422 ? "aborted" : "unknown", ...(known as Omit<Verdict, "status">) };
    default:
      return undefined;
  }
}
