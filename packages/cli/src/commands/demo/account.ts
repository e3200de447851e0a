/**
 * The account at the end of the demo, from what the consumers wrote down and from nothing else.
 * @pure
 */
import type { Committed, Handled, JournalEntry } from "./journal.ts";

export interface Account {
  published: number;
  /** Events handled, repetitions included. */
  delivered: number;
  distinct: number;
  /** Batches that came before an earlier one of their stream and partition. */
  outOfOrder: number;
  /** Published events that were not handled. */
  lost: number;
  /** Events that were handled after the server had taken their commit. */
  committedAgain: number;
  /** Streams beyond each consumer's first. */
  reconnects: number;
  /** Those among them that began after the broker was killed, by consumer. */
  reconnectsAfterKill: readonly number[];
  /** Events that the broker says are still to be consumed. */
  lag: number;
}

/** @param journals one a consumer */
export function accountOf(
  published: readonly string[],
  journals: readonly (readonly JournalEntry[])[],
  { lag, killedMs }: { lag: number; killedMs: number },
): Account {
  const handled = journals.flat().filter((entry) => entry.kind === "handled");
  const seen = new Set(handled.flatMap(({ eids }) => eids));
  return {
    published: published.length,
    delivered: handled.reduce((sum, { eids }) => sum + eids.length, 0),
    distinct: seen.size,
    outOfOrder: journals.reduce((sum, journal) => sum + disorder(journal), 0),
    lost: published.filter((eid) => !seen.has(eid)).length,
    committedAgain: repetitions(journals.flat()),
    reconnects: journals.reduce((sum, journal) => sum + Math.max(0, streamsOf(journal).size - 1), 0),
    reconnectsAfterKill: journals.map((journal) => {
      const before = streamsOf(journal.filter(({ atMs }) => atMs <= killedMs));
      return streamsOf(journal).size - before.size;
    }),
    lag,
  };
}

/** What keeps an account from being clean, one sentence each. */
export function faultsOf(account: Account, expected: number, cutStreams: number): string[] {
  const { published, distinct, lost, outOfOrder, committedAgain, lag, reconnects, reconnectsAfterKill } = account;
  return [
    ...(published === expected ? [] : [`${published} of ${expected} events were published`]),
    ...(distinct === published ? [] : [`${distinct} distinct events were handled, ${published} published`]),
    ...(lost === 0 ? [] : [`${lost} events were lost`]),
    ...(outOfOrder === 0 ? [] : [`${outOfOrder} batches were out of order`]),
    ...(committedAgain === 0 ? [] : [`${committedAgain} events came again after they were committed`]),
    ...(lag === 0 ? [] : [`${lag} events are still to be consumed`]),
    ...(cutStreams > 0 && reconnects > sum(reconnectsAfterKill)
      ? []
      : ["the cut hit no open stream, so nothing was proven"]),
    ...reconnectsAfterKill.flatMap((count, index) =>
      count > 0 ? [] : [`consumer ${index + 1} has read nothing after the broker was killed`],
    ),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function streamsOf(journal: readonly JournalEntry[]): Set<string> {
  return new Set(journal.map(({ stream }) => stream));
}

/** Offsets of one timeline have one length, but for the one before the first event, so they compare as texts. */
function disorder(journal: readonly JournalEntry[]): number {
  const last = new Map<string, string>();
  let count = 0;
  for (const entry of journal) {
    if (entry.kind !== "handled") continue;
    const lane = `${entry.stream} ${entry.partition}`;
    if (entry.offset <= (last.get(lane) ?? "")) count += 1;
    last.set(lane, entry.offset);
  }
  return count;
}

/** A commit covers everything of its partition up to its offset, whichever stream handled it. */
function repetitions(entries: readonly JournalEntry[]): number {
  const commits = entries.filter((entry): entry is Committed => entry.kind === "committed");
  const isRepeated = ({ partition, offset, atMs }: Handled): boolean =>
    commits.some((commit) => commit.partition === partition && commit.offset >= offset && commit.atMs < atMs);
  return entries.reduce(
    (sum, entry) => sum + (entry.kind === "handled" && isRepeated(entry) ? entry.eids.length : 0),
    0,
  );
}
