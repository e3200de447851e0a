/**
 * Not every event was stored.
 * @pure
 */
import { NakadiError } from "../errors/nakadi-error.ts";
import type { PublishResult, Verdict } from "./verdict.ts";

export class PublishError extends NakadiError implements PublishResult {
  override readonly name = "PublishError";
  declare readonly cause: NakadiError | undefined;
  readonly #verdicts: readonly Verdict[];

  constructor({ verdicts, cause }: PublishResult, request: string) {
    super("PUBLISH", summary(verdicts, cause), { request, cause });
    this.#verdicts = verdicts;
  }

  /** One verdict per event, in the order of the events. A `detail` may quote the event, so `inspect` does not show the verdicts. */
  get verdicts(): readonly Verdict[] {
    return this.#verdicts;
  }

  override toJSON(): Record<string, unknown> {
    const verdicts = this.#verdicts.map(({ status, eid, step }) => ({ status, eid, step }));
    return { ...super.toJSON(), cause: this.cause?.toJSON(), verdicts };
  }
}

function summary(verdicts: readonly Verdict[], cause: NakadiError | undefined): string {
  const counts = (["submitted", "rejected", "aborted", "unknown"] as const)
    .map((status) => ({ status, count: verdicts.filter((verdict) => verdict.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  const index = verdicts.findIndex(({ status }) => status === "rejected");
  const step = verdicts[index]?.step;
  const why = cause === undefined ? "" : ` (${cause.code})`;
  return `of ${verdicts.length} events ${counts.join(", ")}${step === undefined ? "" : `; event ${index} while ${step}`}${why}`;
}
