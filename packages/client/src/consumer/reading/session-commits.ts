/**
 * Sends the commits of one session: one at a time, each with the newest positions, with retries until the server accepts no more
 * (SPEC rule 1). The commit tracker decides what is committed and when.
 */
import { type Clock, laneKey, type LaneKey, type Timer } from "nakadi-protocol";
import {
  type CommitItem,
  HttpError,
  type NakadiError,
  nakadiError,
  type SessionLostError,
} from "../../errors/nakadi-error.ts";
import { type BackoffOptions, backoffMs } from "../../stream/backoff.ts";
import type { StreamCursor } from "../../stream/batch.ts";
import type { Committer } from "../../stream/committer.ts";
import type { CommitTracker } from "./commit-tracker.ts";

export interface SessionCommitsParts {
  streamId: string;
  tracker: CommitTracker<StreamCursor>;
  committer: Pick<Committer, "commit">;
  clock: Clock;
  random: () => number;
  retry: BackoffOptions;
  /** Whether handlers are running whose batches may still be committed after the stream has ended. */
  awaited: () => boolean;
  /** The server has committed the positions, or had them before. */
  committed: (items: readonly CommitItem[]) => void;
  retrying: (error: NakadiError, delayMs: number) => void;
  /** The server has taken these lanes away; `late`: the commit timeout was near or had passed. */
  lost: (lanes: ReadonlySet<LaneKey>, late: boolean) => void;
  /** The commit timeout is near and batches are uncommitted. */
  overdue: (ageMs: number) => void;
  /** A commit failed with an error that a retry does not change. */
  fatal: (error: NakadiError) => void;
  /** The session sends no more commits. */
  over: () => void;
}

export class SessionCommits {
  readonly #parts: SessionCommitsParts;
  readonly #closing = new AbortController();
  #timer: Timer | undefined;
  #failures = 0;
  /** The next commit waits until then after a failure. */
  #pausedUntilMs = 0;
  /** The session has ended; done batches are committed until then. */
  #endsAtMs: number | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(parts: SessionCommitsParts) {
    this.#parts = parts;
  }

  /** Commits if a commit is due, and sets the timer for the next one. Called when a batch is done or time has passed. */
  commitIfDue(): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted) return;
    const { tracker, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (this.#endsAtMs !== undefined && nowMs >= this.#endsAtMs) {
      this.close();
      return;
    }
    this.#alarm(nowMs);
    const dueMs = this.#dueInMs(nowMs);
    if (dueMs === 0) void this.#commit();
    else this.#wait(dueMs, nowMs);
    if (tracker.inFlight || tracker.hasReady) return;
    this.#resolveIdle();
    if (this.#endsAtMs !== undefined && !this.#parts.awaited()) this.close();
  }

  /** The last commit failed with a transient error. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** The session ends: commits without delay whatever may be committed, for `withinMs` at most. */
  flush(withinMs: number): void {
    this.#endsAtMs = Math.min(this.#endsAtMs ?? Infinity, this.#parts.clock.monotonicMs() + withinMs);
    this.commitIfDue();
  }

  /** Resolves when nothing is left to commit, or the session sends no more commits. */
  idle(): Promise<void> {
    const { tracker } = this.#parts;
    if (this.#closing.signal.aborted || (!tracker.inFlight && !tracker.hasReady)) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Sends no more commits. */
  close(): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#resolveIdle();
    this.#parts.over();
  }

  #dueInMs(nowMs: number): number | undefined {
    const { tracker } = this.#parts;
    if (tracker.inFlight || !tracker.hasReady) return undefined;
    const dueMs = this.#endsAtMs === undefined ? tracker.dueInMs(nowMs) : 0;
    return dueMs === undefined ? undefined : Math.max(dueMs, this.#pausedUntilMs - nowMs);
  }

  #wait(dueMs: number | undefined, nowMs: number): void {
    const { tracker, clock } = this.#parts;
    const endsMs = this.#endsAtMs === undefined ? undefined : this.#endsAtMs - nowMs;
    const alarmMs = this.#endsAtMs === undefined ? tracker.alarmInMs(nowMs) : undefined;
    const waits = [dueMs, alarmMs, endsMs].filter((one) => one !== undefined);
    if (waits.length > 0) this.#timer = clock.schedule(Math.min(...waits), () => this.commitIfDue());
  }

  #alarm(nowMs: number): void {
    const { tracker, overdue } = this.#parts;
    if (this.#endsAtMs !== undefined || tracker.alarmInMs(nowMs) !== 0) return;
    tracker.alarmed();
    overdue(tracker.timerAgeMs(nowMs));
  }

  async #commit(): Promise<void> {
    const { tracker, committer, streamId, clock, committed } = this.#parts;
    const cursors = tracker.takeReady(clock.monotonicMs());
    this.#wait(undefined, clock.monotonicMs());
    try {
      const { items, lost } = await committer.commit(cursors, streamId, this.#closing.signal, this.#closing.signal);
      this.#failures = 0;
      const advanced = items.some(({ result }) => result === "committed");
      tracker.settled({ lanes: items.map(({ cursor }) => laneKey(cursor)), advanced }, clock.monotonicMs());
      if (items.length > 0) committed(items);
      this.#dropLostLanes(lost);
    } catch (thrown) {
      tracker.failed();
      this.#failed(nakadiError(thrown));
    }
    this.commitIfDue();
  }

  #dropLostLanes(lost: readonly SessionLostError[]): void {
    if (lost.length === 0) return;
    const { tracker, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const late = tracker.isOverdue(nowMs);
    const lanes = new Set(lost.flatMap((one) => one.lanes));
    tracker.dropLanes(lanes, nowMs);
    this.#parts.lost(lanes, late);
  }

  #failed(error: NakadiError): void {
    if (this.#closing.signal.aborted) return;
    if (!error.retryable) {
      this.close();
      this.#parts.fatal(error);
      return;
    }
    const { retry, random, clock, retrying } = this.#parts;
    const askedMs = error instanceof HttpError ? error.retryAfterMs : undefined;
    const delayMs = backoffMs(this.#failures, retry, random(), askedMs);
    this.#failures += 1;
    this.#pausedUntilMs = clock.monotonicMs() + delayMs;
    retrying(error, delayMs);
  }

  #resolveIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
