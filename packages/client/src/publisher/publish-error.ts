/**
 * Not every event was stored.
 * @pure
 */
import { type ErrorContext, NakadiError } from "../errors/nakadi-error.ts";
import type { PublishResult, Verdict } from "./verdict.ts";

export class PublishError extends NakadiError implements PublishResult {
  override readonly name = "PublishError";
  /** One verdict an event, in the order of the events. */
  readonly verdicts: readonly Verdict[];

  constructor(verdicts: readonly Verdict[], context: ErrorContext = {}) {
    super("PUBLISH", summary(verdicts), context);
    this.verdicts = verdicts;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), verdicts: this.verdicts };
  }
}

function summary(verdicts: readonly Verdict[]): string {
  const counts = (["submitted", "rejected", "aborted", "unknown"] as const)
    .map((status) => ({ status, count: verdicts.filter((verdict) => verdict.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  const index = verdicts.findIndex(({ status }) => status === "rejected");
  const reason = verdicts[index]?.detail;
  return `of ${verdicts.length} events ${counts.join(", ")}${reason === undefined ? "" : `; event ${index}: ${reason}`}`;
}
