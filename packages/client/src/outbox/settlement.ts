/**
 * What becomes of claimed rows: which are published together, and what the verdicts on their events mean for each.
 * @pure
 */
import { type ConfigError, HttpError } from "../errors/nakadi-error.ts";
import { demandEvent } from "../publisher/event-text.ts";
import type { PublishResult, Verdict } from "../publisher/verdict.ts";
import type { OutboxRow } from "./outbox-store.ts";

export interface RejectedRow<R> {
  readonly row: R;
  /** How far Nakadi came with the event, where it says so. */
  readonly step: Verdict["step"];
  /** Why, in words that may quote the event. */
  readonly detail: string | undefined;
}

/** Each claimed row stands in one of the three. */
export interface Settlement<R> {
  /** Nakadi has them. */
  readonly published: readonly R[];
  /** Nakadi will never take them: to be set aside, for somebody to look at. One that an earlier claim kept may be stored all the same. */
  readonly rejected: readonly RejectedRow<R>[];
  /** Nobody knows yet, or not now: they are the first of the next claim. */
  readonly kept: readonly R[];
}

/** Rows that are published in one call each, by their event types, in their order; and those that hold no event. */
export function sortedOut<R extends OutboxRow>(
  rows: readonly R[],
): { batches: ReadonlyMap<string, readonly R[]>; rejected: readonly RejectedRow<R>[] } {
  const batches = new Map<string, R[]>();
  const rejected: RejectedRow<R>[] = [];
  for (const row of rows) {
    const detail = faultOf(row);
    if (detail !== undefined) {
      rejected.push({ row, step: "none", detail });
      continue;
    }
    const batch = batches.get(row.eventType) ?? [];
    batches.set(row.eventType, [...batch, row]);
  }
  return { batches, rejected };
}

/** @param rows those whose events were published, in their order */
export function settlementOf<R>(rows: readonly R[], { verdicts, cause }: PublishResult): Settlement<R> {
  const published: R[] = [];
  const rejected: RejectedRow<R>[] = [];
  const kept: R[] = [];
  rows.forEach((row, index) => {
    const verdict = verdicts[index];
    if (verdict?.status === "submitted") published.push(row);
    else if (verdict?.status === "rejected" && isOwnFault(verdict, cause)) {
      rejected.push({ row, step: verdict.step, detail: verdict.detail });
    } else kept.push(row);
  });
  return { published, rejected, kept };
}

export function joined<R>(parts: readonly Settlement<R>[]): Settlement<R> {
  return {
    published: parts.flatMap(({ published }) => published),
    rejected: parts.flatMap(({ rejected }) => rejected),
    kept: parts.flatMap(({ kept }) => kept),
  };
}

/** Refusals of a call that no event of it has earned: a missing right or event type is mended by somebody, and the rows are good. */
const REFUSALS_OF_CALLS = new Set([403, 404, 415, 422]);

function isOwnFault({ step }: Verdict, cause: PublishResult["cause"]): boolean {
  return step !== undefined || !(cause instanceof HttpError && REFUSALS_OF_CALLS.has(cause.status));
}

/** Whatever was written by another program, or long ago. */
function faultOf({ eventType, event }: Record<keyof OutboxRow, unknown>): string | undefined {
  if (typeof eventType !== "string" || eventType === "") return "the row names no event type";
  try {
    demandEvent("the event", event);
    return undefined;
  } catch (error) {
    return (error as ConfigError).message;
  }
}
