/**
 * Claimed rows into batches by event type, and verdicts on events into the settlement of their rows.
 * @pure
 */
import { type ConfigError, HttpError } from "../errors/nakadi-error.ts";
import { demandEvent } from "../publisher/event-text.ts";
import type { PublishResult, Verdict } from "../publisher/verdict.ts";
import type { OutboxRow, RejectedRow, Settlement } from "./outbox-store.ts";

/** The rows in batches by event type, in their order; rows without a valid event are rejected. */
export function batchesOf<R extends OutboxRow>(
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

/** @param rows in the order of the verdicts */
export function settlementOf<R>(rows: readonly R[], { verdicts, cause }: PublishResult): Settlement<R> {
  const published: R[] = [];
  const rejected: RejectedRow<R>[] = [];
  const kept: R[] = [];
  rows.forEach((row, index) => {
    const verdict = verdicts[index];
    if (verdict?.status === "submitted") published.push(row);
    else if (verdict?.status === "rejected" && isFaultOfEvent(verdict, cause)) {
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

/** Refusals of the whole call: an operator grants the right or creates the event type, and the rows can then be published. */
const REFUSALS_OF_CALLS = new Set([403, 404, 415, 422]);

function isFaultOfEvent({ step }: Verdict, cause: PublishResult["cause"]): boolean {
  return step !== undefined || !(cause instanceof HttpError && REFUSALS_OF_CALLS.has(cause.status));
}

/** The store may hold rows of another program or an older version, so types prove nothing. */
function faultOf({ eventType, event }: Record<keyof OutboxRow, unknown>): string | undefined {
  if (typeof eventType !== "string" || eventType === "") return "the row names no event type";
  try {
    demandEvent("the event", event);
    return undefined;
  } catch (error) {
    return (error as ConfigError).message;
  }
}
