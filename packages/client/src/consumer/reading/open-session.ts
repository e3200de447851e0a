/**
 * A session of a consumer, open or ended, until nothing of it can be committed any more.
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
  /** The server has said that its commit timeout was reached. */
  timedOut: boolean;
  /** Lanes of it are being refused, and the commit timeout was near when they were. */
  refusedLate: boolean;
  readonly tracker: CommitTracker<StreamCursor>;
  readonly commits: SessionCommits;
  /** Batches that are not done. */
  readonly works: Set<Work<E>>;
  /** Batches that were done so late that their commit may be refused. */
  readonly late: Set<Work<E>>;
}

/** Batches that come again, for their session or their lane of it is gone. */
export interface Loss<E> {
  works: readonly Work<E>[];
  /** Those that were done, too late to be committed. */
  late: readonly Work<E>[];
  reason: NakadiError;
  /** It is gone because nothing was committed in time, although commits go through. */
  overdue: boolean;
}

/** Takes those batches out that `isLost` names. */
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

/** Some of it was committed: what was is late no longer. */
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
