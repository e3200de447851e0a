/**
 * How often a partition's events were sent and not committed, as it is stored with its progress (protocol 3.12.2). A commit
 * may come at any time and starts the count over, so nothing is written over one.
 */
import type { CoordinationPort, PartitionKey, Progress, StoredPosition } from "nakadi-storage";
import type { Axis } from "../positions/axis.ts";
import type { DeadLetterRules } from "./dead-letter-annotations.ts";
import { assigned, type FailureCount } from "./dead-letter-search.ts";

export interface CountedPartition {
  partition: PartitionKey;
  axis: Axis;
  /** As it was read. */
  progress: Progress;
  /** Where the stream begins. */
  committed: number;
  batchLimit: number;
}

/**
 * The count with which a stream begins; a search that begins with it is stored.
 * @returns `undefined` if the group or the progress has changed since it was read: look again
 */
export async function takeOverCount(
  coordination: CoordinationPort,
  subscription: string,
  rules: DeadLetterRules,
  { partition, axis, progress, committed, batchLimit }: CountedPartition,
  version: number,
): Promise<FailureCount | undefined> {
  const stored: FailureCount = {
    failedCommits: progress.failedCommits,
    searchUntil: progress.lastDeadLetter ? axis.ordinalOf(progress.lastDeadLetter) : undefined,
  };
  const count = assigned(stored, rules, committed, batchLimit);
  if (count.searchUntil === undefined || count.searchUntil === stored.searchUntil) return count;
  const lastDeadLetter = positionOf(axis, count.searchUntil);
  const to = new Map([[partition, { ...progress, failedCommits: count.failedCommits, lastDeadLetter }]]);
  const outcome = await coordination.force(subscription, version, to, new Map([[partition, progress]]));
  return outcome === "forced" ? count : undefined;
}

/**
 * Counts one more failure for each partition that is still where the session saw it last.
 * @param axisOf of a partition of the session
 * @param failed the last committed ordinal by partition
 */
export async function countFailures(
  coordination: CoordinationPort,
  subscription: string,
  session: string,
  axisOf: (partition: PartitionKey) => Axis | undefined,
  failed: ReadonlyMap<PartitionKey, number>,
): Promise<void> {
  for (;;) {
    const current = await coordination.group(subscription);
    if (!current?.alive.has(session)) return;
    const from = new Map<PartitionKey, Progress>();
    for (const [partition, progress] of await coordination.progress(subscription)) {
      const known = failed.get(partition);
      const at = axisOf(partition)?.ordinalOf(progress.at);
      if (known !== undefined && at !== undefined && at <= known) from.set(partition, progress);
    }
    if (from.size === 0) return;
    const to = new Map(
      [...from].map(([partition, progress]) => [partition, { ...progress, failedCommits: progress.failedCommits + 1 }]),
    );
    if ((await coordination.force(subscription, current.group.version, to, from)) === "forced") return;
  }
}

function positionOf(axis: Axis, ordinal: number): StoredPosition {
  const { order, number } = axis.locate(ordinal);
  return { order, number, text: axis.textOf(ordinal) };
}
