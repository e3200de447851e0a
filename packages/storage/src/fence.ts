/**
 * The fence: which commits of one request count. Every engine asks it inside its own atomic step.
 * @pure
 */
import { comparePositions } from "nakadi-protocol";
import type { CommitOutcome, PartitionKey, Progress, StoredPosition } from "./ports.ts";

export interface CommitItem {
  partition: PartitionKey;
  at: StoredPosition;
}

export interface Judged {
  /** One an item, in order. */
  outcomes: readonly CommitOutcome[];
  /** What to write: empty if one item is refused. */
  moved: ReadonlyMap<PartitionKey, Progress>;
}

/**
 * `owners` are the sessions by partition of a group in which `session` is alive. Items of one partition count in
 * sequence: each is compared with what the one before it has moved.
 */
export function judgeCommits(
  session: string,
  items: readonly CommitItem[],
  owners: ReadonlyMap<PartitionKey, string | null>,
  progress: Pick<ReadonlyMap<PartitionKey, Progress>, "get">,
): Judged {
  const moved = new Map<PartitionKey, Progress>();
  let refused = false;
  const outcomes = items.map(({ partition, at }): CommitOutcome => {
    const owner = owners.get(partition) ?? null;
    if (owner !== session) {
      refused = true;
      return owner === null ? "no-partition" : "not-owner";
    }
    const current = moved.get(partition) ?? progress.get(partition);
    if (current && comparePositions(at, current.at) <= 0) return "outdated";
    const { order, number, text } = at;
    moved.set(partition, {
      at: { order, number, text },
      failedCommits: 0,
      lastDeadLetter: current?.lastDeadLetter ?? null,
    });
    return "committed";
  });
  if (refused) moved.clear();
  return { outcomes, moved };
}

/** Whether a partition's progress is as it was when `seen` was read. */
export function sameProgress(seen: Progress, now: Progress | undefined): boolean {
  return (
    now !== undefined &&
    samePosition(seen.at, now.at) &&
    seen.failedCommits === now.failedCommits &&
    samePosition(seen.lastDeadLetter, now.lastDeadLetter)
  );
}

function samePosition(a: StoredPosition | null, b: StoredPosition | null): boolean {
  if (a === null || b === null) return a === b;
  return a.order === b.order && a.number === b.number && a.text === b.text;
}
