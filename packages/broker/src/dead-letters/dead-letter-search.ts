/**
 * Events that crash their consumers in a loop are looked for one by one and skipped (protocol 3.12.3): how far one
 * partition is with that.
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import type { DeadLetterRules } from "./dead-letter-annotations.ts";

/** What is stored of a partition, in ordinals. */
export interface FailureCount {
  /** Streams that ended without committing what they sent. */
  failedCommits: number;
  /** Last event of the search; `undefined` where there is none. */
  searchUntil: number | undefined;
}

/** What the partition's count becomes with its assignment to a stream that would send `batchLimit` events at once. */
export function assigned(
  { failedCommits, searchUntil }: FailureCount,
  { maxSends }: DeadLetterRules,
  committed: number,
  batchLimit: number,
): FailureCount {
  if (searchUntil !== undefined && searchUntil > committed) return { failedCommits, searchUntil };
  return failedCommits >= maxSends
    ? { failedCommits: 0, searchUntil: committed + batchLimit }
    : { failedCommits, searchUntil: undefined };
}

/** One partition of one stream. */
export class DeadLetterSearch {
  readonly #maxSends: number;
  #failedCommits: number;
  #searchUntil: number | undefined;
  #skipping = false;

  constructor({ maxSends }: DeadLetterRules, { failedCommits, searchUntil }: FailureCount) {
    this.#maxSends = maxSends;
    this.#failedCommits = failedCommits;
    this.#searchUntil = searchUntil;
  }

  /** Events are sent one by one, each when the one before is committed. */
  get searching(): boolean {
    return this.#searchUntil !== undefined;
  }

  /** Whether there is anything to tell. */
  get tracking(): boolean {
    return this.searching || this.#failedCommits > 0;
  }

  get failedCommits(): number {
    return this.#failedCommits;
  }

  get searchUntil(): number | undefined {
    return this.#searchUntil;
  }

  /** An event is being given up: until that is committed nothing is sent. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** Whether the next event, which is due, is given up instead. */
  skipsNext(): boolean {
    if (!this.searching || this.#failedCommits < this.#maxSends) return false;
    this.#skipping = true;
    return true;
  }

  /** Any commit that moves on starts the count over; the one of the last event ends the search. */
  committed(ordinal: number): void {
    this.#failedCommits = 0;
    this.#skipping = false;
    if (this.#searchUntil !== undefined && ordinal >= this.#searchUntil) this.#searchUntil = undefined;
  }
}

/** What `info.debug` says of those that are tracked; `undefined` if none is. */
export function trackingText(
  partitions: Iterable<[PartitionKey, { search: DeadLetterSearch | undefined; textOf: (ordinal: number) => string }]>,
): string | undefined {
  const texts: string[] = [];
  for (const [partition, { search, textOf }] of partitions) {
    if (!search?.tracking) continue;
    const last = search.searchUntil === undefined ? "null" : textOf(search.searchUntil);
    texts.push(`{${partition} failedCommitsCount=${search.failedCommits} lastDeadLetterOffset=${last}}`);
  }
  return texts.length > 0 ? `Auto DLQ failed commits tracking: ${texts.join(", ")}` : undefined;
}
