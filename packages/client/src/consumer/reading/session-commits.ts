/**
 * Commits of one session: one at a time, each with the newest positions, tried again until the session is over for good
 * (design 3.3 rule 1). Decides nothing about what may be committed: the tracker does.
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
  /** Whether handlers are at work whose batches may still be committed after the stream has ended. */
  awaited: () => boolean;
  /** Positions were taken by the server, or it had them before. */
  committed: (items: readonly CommitItem[]) => void;
  retrying: (error: NakadiError, delayMs: number) => void;
  /** The server has taken these lanes of the session away; `late`: when the commit timeout was near, or over. */
  lost: (lanes: ReadonlySet<LaneKey>, late: boolean) => void;
  /** The commit timeout is near and something is uncommitted. */
  overdue: (ageMs: number) => void;
  /** Committing is not allowed, or not understood: trying again is of no use. */
  fatal: (error: NakadiError) => void;
  /** Nothing of the session is committed any more. */
  over: () => void;
}

export class SessionCommits {
  readonly #parts: SessionCommitsParts;
  readonly #closing = new AbortController();
  #timer: Timer | undefined;
  #failures = 0;
  /** Until when a failed commit waits. */
  #pausedUntilMs = 0;
  /** Nothing new comes of this session; what is done is committed until then. */
  #endsAtMs: number | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(parts: SessionCommitsParts) {
    this.#parts = parts;
  }

  /** Something is done, or time has passed. */
  poke(): void {
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
    this.#tellIdle();
    if (this.#endsAtMs !== undefined && !this.#parts.awaited()) this.close();
  }

  /** The last commit was not answered, or with "later". */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** The session is over, or about to be: what may be committed is, at once, for so long at most. */
  flush(withinMs: number): void {
    this.#endsAtMs = Math.min(this.#endsAtMs ?? Infinity, this.#parts.clock.monotonicMs() + withinMs);
    this.poke();
  }

  /** Resolves when nothing is left that could be committed, or nothing can be any more. */
  idle(): Promise<void> {
    const { tracker } = this.#parts;
    if (this.#closing.signal.aborted || (!tracker.inFlight && !tracker.hasReady)) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Nothing more is sent. */
  close(): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#tellIdle();
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
    if (waits.length > 0) this.#timer = clock.schedule(Math.min(...waits), () => this.poke());
  }

  #alarm(nowMs: number): void {
    const { tracker, overdue } = this.#parts;
    if (this.#endsAtMs !== undefined || tracker.alarmInMs(nowMs) !== 0) return;
    tracker.alarmed();
    overdue(tracker.timerAgeMs(nowMs));
  }

  async #commit(): Promise<void> {
    const { tracker, committer, streamId, clock, committed } = this.#parts;
    const cursors = tracker.take(clock.monotonicMs());
    this.#wait(undefined, clock.monotonicMs());
    try {
      const { items, lost } = await committer.commit(cursors, streamId, this.#closing.signal, this.#closing.signal);
      this.#failures = 0;
      const advanced = items.some(({ result }) => result === "committed");
      tracker.settled({ lanes: items.map(({ cursor }) => laneKey(cursor)), advanced }, clock.monotonicMs());
      if (items.length > 0) committed(items);
      this.#lose(lost);
    } catch (thrown) {
      tracker.failed();
      this.#failed(nakadiError(thrown));
    }
    this.poke();
  }

  #lose(lost: readonly SessionLostError[]): void {
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

  #tellIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
