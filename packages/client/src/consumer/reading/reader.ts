/**
 * Reads one stream of a consumer: its sessions in sequence, each with its own commits. When a session ends, its batches are reported
 * as lost, and done batches are committed while the server accepts that (SPEC rule 1).
 */
import { type Clock, type LaneKey, laneKey, batchLineSteps } from "nakadi-protocol";
import { type CommitItem, type NakadiError, SessionLostError } from "../../errors/nakadi-error.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Batch, StreamCursor } from "../../stream/batch.ts";
import type { BatchSink } from "../../stream/batch-sink.ts";
import type { Committer } from "../../stream/committer.ts";
import type { StreamOpener } from "../../stream/stream-opener.ts";
import { StreamSession, type StreamState } from "../../stream/stream-session.ts";
import type { Backlog } from "./backlog.ts";
import { CommitTracker, type DoneAs } from "./commit-tracker.ts";
import type { ConsumerMetrics } from "../reporting/consumer-metrics.ts";
import { laneOf } from "../handling/lane.ts";
import type { Observers } from "../reporting/observers.ts";
import type { ConsumerSettings } from "../options.ts";
import { abandonedOf, forgetCommitted, type Loss, type OpenSession, takeLost } from "./open-session.ts";
import { serverMessages } from "./server-message.ts";
import { SessionCommits } from "./session-commits.ts";
import { SessionsWithoutProgress } from "./sessions-without-progress.ts";
import type { Abandoned } from "../reporting/stop-report.ts";
import { type Work, workOf } from "../handling/work.ts";

export interface ReaderParts<E> {
  settings: ConsumerSettings<E>;
  opener: Pick<StreamOpener, "request" | "open">;
  committer: Pick<Committer, "commit">;
  observers: Observers;
  backlog: Backlog;
  metrics: ConsumerMetrics;
  logger: Logger;
  clock: Clock;
  random: () => number;
  received: (work: Work<E>) => void;
  /** The session or lane of these batches is lost. */
  gone: (loss: Loss<E>) => void;
  /** The server has committed these positions, or had them before. */
  committed: (items: readonly CommitItem[]) => void;
  retrying: (error: NakadiError, delayMs: number) => void;
  state: (state: StreamState, reason: NakadiError | undefined) => void;
  /** Reading or committing has failed with an error that a retry does not change. */
  fatal: (error: NakadiError) => void;
}

export class Reader<E> implements BatchSink<E> {
  readonly #parts: ReaderParts<E>;
  readonly #stream: StreamSession<E>;
  /** By stream id, until the server accepts no more commits of them. */
  readonly #sessions = new Map<string, OpenSession<E>>();
  #current: OpenSession<E> | undefined;
  /** The last committed offset of each lane: a second commit of the same offset is not progress. */
  readonly #committed = new Map<LaneKey, string>();
  readonly #unproductive = new SessionsWithoutProgress();
  #progressGauged = false;
  #lastReason: NakadiError | undefined;
  #reading = true;

  constructor(parts: ReaderParts<E>) {
    this.#parts = parts;
    const { opener, settings, clock, random, observers, state } = parts;
    this.#stream = new StreamSession({
      opener,
      settings: settings.stream,
      readLine: batchLineSteps,
      sink: this,
      observers: {
        retry: (error, delayMs) => parts.retrying(error, delayMs),
        healthy: () => observers.notify("onHealthy"),
      },
      watcher: {
        state: (kind, reason) => {
          this.#lastReason = reason;
          if (kind === "streaming") this.#unproductive.opened(clock.monotonicMs());
          else this.#unproductive.ended(clock.monotonicMs());
          this.#gaugeProgress();
          state(kind, reason);
        },
        message: (text, cursor) => this.#message(text, cursor),
      },
      clock,
      random,
    });
  }

  start(): void {
    this.#stream.start();
  }

  get state(): StreamState {
    return this.#stream.state;
  }

  get full(): boolean {
    return !this.#reading || this.#parts.backlog.full;
  }

  get low(): boolean {
    return this.#reading && this.#parts.backlog.low;
  }

  /** Continues reading if there is room. */
  drain(): void {
    this.#stream.drain();
  }

  /** Reads nothing more. The stream stays open so that commits are accepted. */
  stopReading(): void {
    this.#reading = false;
  }

  /** Commits what may be committed, for `withinMs` at most, and closes. Returns the batches that are left. */
  async end(withinMs: number, closing: AbortSignal): Promise<Abandoned[]> {
    const sessions = [...this.#sessions.values()];
    const close = (): void => {
      for (const { commits } of sessions) commits.close();
    };
    closing.addEventListener("abort", close, { once: true });
    for (const { commits } of sessions) commits.flush(withinMs);
    await Promise.all(sessions.map(({ commits }) => commits.idle()));
    closing.removeEventListener("abort", close);
    const left = sessions.flatMap(abandonedOf);
    close();
    this.#stream.close();
    return left;
  }

  /** Every part of the batch is done. */
  done(work: Work<E>, as: DoneAs): void {
    const session = this.#sessions.get(work.session.streamId);
    if (!session?.works.delete(work)) return;
    if (work.parts.some(({ late }) => late)) session.late.add(work);
    session.tracker.done(work.ticket, as, work.events, this.#parts.clock.monotonicMs());
    session.commits.commitIfDue();
  }

  /** The oldest batch that is not done. */
  get oldest(): Work<E> | undefined {
    const [first] = [...this.#sessions.values()].flatMap(({ works }) => [...works].slice(0, 1));
    return first;
  }

  /** Sessions in a row without progress. */
  get sessionsWithoutProgress(): number {
    return this.#unproductive.count(this.#parts.clock.monotonicMs());
  }

  push(batch: Batch<E>): void {
    const { clock, received } = this.#parts;
    const session = this.#sessionOf(batch.streamId);
    this.#current = session;
    this.#unproductive.batchReceived();
    const lane = laneKey(batch.cursor);
    const nowMs = clock.monotonicMs();
    const ticket = session.tracker.received(lane, batch.cursor, nowMs);
    const work = workOf(batch, lane, session, ticket, nowMs);
    session.works.add(work);
    session.commits.commitIfDue();
    received(work);
  }

  drop(): void {
    const session = this.#current;
    this.#current = undefined;
    if (!session) return;
    session.ended = true;
    if (this.#reading) this.#parts.metrics.count("sessionsLost");
    const { commitTimeoutMs } = this.#parts.settings;
    const cause = this.#lastReason;
    const ageMs = session.tracker.timerAgeMs(this.#parts.clock.monotonicMs());
    // The server still accepts commits of a stream that ended regularly, so begun batches may finish.
    const regularEnd = cause === undefined && this.#stream.state === "backing-off" && !session.isOverdue();
    const mayFinish = (work: Work<E>): boolean => regularEnd && work.begun;
    const reason = new SessionLostError(session.streamId, "the stream has ended", { cause });
    this.#lose(session, (work) => !mayFinish(work), reason);
    session.commits.flush(session.works.size > 0 ? commitTimeoutMs - ageMs : commitTimeoutMs);
    // A reader that stops opens no further stream. The session is still inside the step that ended the stream.
    if (!this.#reading) queueMicrotask(() => this.#stream.close());
  }

  dropLanes(lanes: ReadonlySet<LaneKey>): void {
    if (this.#current) this.#loseLanes(this.#current, lanes);
  }

  #loseLanes(session: OpenSession<E>, lanes: ReadonlySet<LaneKey>): void {
    this.#parts.metrics.count("lanesLost", lanes.size);
    for (const lane of lanes) session.handlers.delete(lane);
    const reason = new SessionLostError(session.streamId, "the server has taken the lane away", { lanes: [...lanes] });
    this.#lose(session, ({ lane }) => lanes.has(lane), reason);
  }

  #lose(session: OpenSession<E>, isLost: (work: Work<E>) => boolean, reason: NakadiError): void {
    // Failed commits are not the fault of a handler.
    const overdue = session.isOverdue() && !session.commits.failing;
    this.#parts.gone({ ...takeLost(session, isLost), reason, overdue });
  }

  finish(error: NakadiError | undefined): void {
    if (error) this.#parts.fatal(error);
  }

  #sessionOf(streamId: string): OpenSession<E> {
    const known = this.#sessions.get(streamId);
    if (known) return known;
    const { settings, committer, clock, random, retrying } = this.#parts;
    const { commitTimeoutMs } = settings;
    const tracker = new CommitTracker<StreamCursor>(settings.commit, commitTimeoutMs);
    const commits = new SessionCommits({
      streamId,
      tracker,
      committer,
      clock,
      random,
      retry: settings.stream.retry,
      awaited: () => session.works.size > 0,
      committed: (items) => this.#progressed(session, items),
      retrying,
      lost: (lanes, late) => {
        session.refusedLate = late;
        if (session === this.#current) this.#stream.loseLanes(streamId, lanes);
        else this.#loseLanes(session, lanes);
        session.refusedLate = false;
      },
      overdue: (ageMs) => this.#overdue(session, ageMs),
      fatal: (error) => this.#stream.fail(error),
      over: () => this.#closed(session),
    });
    const session: OpenSession<E> = {
      streamId,
      handlers: new Map(),
      advanced: false,
      ended: false,
      timedOut: false,
      refusedLate: false,
      isOverdue: () => session.timedOut || session.refusedLate || tracker.isOverdue(clock.monotonicMs()),
      tracker,
      commits,
      works: new Set(),
      late: new Set(),
    };
    this.#sessions.set(streamId, session);
    return session;
  }

  /** A single session without progress is not reported. */
  #gaugeProgress(): void {
    const count = this.sessionsWithoutProgress;
    if (count > 1 || this.#progressGauged) this.#parts.metrics.gauge("sessionsWithoutProgress", count);
    this.#progressGauged = count > 1;
  }

  #progressed(session: OpenSession<E>, items: readonly CommitItem[]): void {
    const moved = items.filter(({ cursor, result }) => {
      return result === "committed" && this.#committed.get(laneKey(cursor)) !== cursor.offset;
    });
    for (const { cursor } of items) this.#committed.set(laneKey(cursor), cursor.offset);
    if (moved.length > 0) {
      session.advanced = true;
      this.#unproductive.progressed();
      this.#gaugeProgress();
      this.#stream.progressed();
    }
    forgetCommitted(session);
    this.#parts.observers.notify("onHealthy");
    this.#parts.committed(items);
  }

  /** The session sends no more commits. */
  #closed(session: OpenSession<E>): void {
    this.#sessions.delete(session.streamId);
    if (session === this.#current || session.works.size === 0) return;
    this.#lose(session, () => true, new SessionLostError(session.streamId, "the commit timeout has passed"));
  }

  #overdue({ streamId, tracker }: OpenSession<E>, ageMs: number): void {
    const { observers, settings, logger, metrics } = this.#parts;
    metrics.count("commitsOverdue");
    const waiting = tracker.uncommitted.map(({ cursor }) => ({ lane: laneOf(cursor), offset: cursor.offset }));
    logger.warn({ streamId, ageMs, waiting }, "commit timeout near; batches are not done");
    observers.notify("onCommitOverdue", { streamId, ageMs, commitTimeoutMs: settings.commitTimeoutMs, waiting });
  }

  #message(text: string, cursor: StreamCursor): void {
    const { observers, logger, metrics } = this.#parts;
    const place = { ...laneOf(cursor), streamId: cursor.streamId };
    for (const message of serverMessages(text)) {
      if (message.kind === "commit-timeout" && this.#current?.streamId === cursor.streamId)
        this.#current.timedOut = true;
      if (message.kind === "stream-started" && message.eventsLost > 0) {
        metrics.count("eventsLost", message.eventsLost);
        logger.error({ ...place, count: message.eventsLost }, "events deleted by retention before they were read");
        observers.notify("onEventsLost", { ...place, count: message.eventsLost });
      }
      observers.notify("onServerMessage", { ...place, message });
    }
  }
}
