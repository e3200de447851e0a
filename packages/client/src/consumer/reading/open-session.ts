/**
 * A session of a consumer until the server accepts no more commits of it; its stream may have ended before.
 * @pure
 */
import type { StreamCursor } from "../../stream/batch.ts";
import type { NakadiError } from "../../errors/nakadi-error.ts";
import type { CommitTracker } from "./commit-tracker.ts";
import { laneOf } from "../handling/lane.ts";
import type { SessionCommits } from "./session-commits.ts";
import type { Abandoned } from "../reporting/stop-report.ts";
import type { Work, WorkSession } from "../handling/work.ts";

export interface OpenSession<E> extends WorkSession<E> {
  advanced: boolean;
  ended: boolean;
  /** The server has reported that the commit timeout was reached. */
  timedOut: boolean;
  /** Commits of its lanes are being refused, and the commit timeout was near at the time. */
  refusedLate: boolean;
  readonly tracker: CommitTracker<StreamCursor>;
  readonly commits: SessionCommits;
  /** Batches that are not done. */
  readonly works: Set<Work<E>>;
  /** Batches that were done so late that the server may refuse their commit. */
  readonly late: Set<Work<E>>;
}

/** Batches that will be redelivered because their session or lane is lost. */
export interface Loss<E> {
  works: readonly Work<E>[];
  /** Batches that were done too late to be committed. */
  late: readonly Work<E>[];
  reason: NakadiError;
  /** The cause is that nothing was committed in time, although commits succeed. */
  overdue: boolean;
}

/** Removes the batches for which `isLost` is true. */
export function takeLost<E>(
  { works, late }: OpenSession<E>,
  isLost: (work: Work<E>) => boolean,
): { works: Work<E>[]; late: Work<E>[] } {
  const take = (from: Set<Work<E>>): Work<E>[] => {
    const lost = [...from].filter(isLost);
    for (const work of lost) from.delete(work);
    return lost;
  };
  return { works: take(works), late: take(late) };
}

/** Removes committed batches from `late`. */
export function forgetCommitted<E>({ late, tracker }: OpenSession<E>): void {
  if (late.size === 0) return;
  const open = new Set(tracker.uncommitted);
  for (const work of late) if (!open.has(work.ticket)) late.delete(work);
}

export function abandonedOf<E>({ tracker, works }: OpenSession<E>): Abandoned[] {
  const begun = new Set([...works].filter((work) => work.begun).map(({ ticket }) => ticket));
  return tracker.uncommitted.map((ticket) => {
    const { cursor, state } = ticket;
    const open = begun.has(ticket) ? "not-done" : "not-begun";
    const done = tracker.isReady(ticket) ? "not-committed" : "held";
    return { lane: laneOf(cursor), offset: cursor.offset, because: state === "open" ? open : done };
  });
}
