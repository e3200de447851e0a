/**
 * One stream that a consumer reads: its sessions, one after the other, each with its own commits. A session that is over is
 * told to those who handle its batches, and what was done of it is still committed while the server takes it (rule 1).
 */
import { type Clock, type LaneKey, laneKey, batchLineSteps } from "nakadi-protocol";
import { type NakadiError, SessionLostError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import type { Batch, StreamCursor } from "../stream/batch.ts";
import type { BatchSink } from "../stream/batch-sink.ts";
import type { Committer } from "../stream/committer.ts";
import type { StreamOpener } from "../stream/stream-opener.ts";
import { StreamSession, type StreamState } from "../stream/stream-session.ts";
import type { Backlog } from "./backlog.ts";
import { CommitTracker, type DoneAs } from "./commit-tracker.ts";
import type { ConsumerMetrics } from "./consumer-metrics.ts";
import type { Handler } from "./handler.ts";
import { laneOf } from "./lane.ts";
import type { Observers } from "./observers.ts";
import type { ConsumerSettings } from "./options.ts";
import { serverMessages } from "./server-message.ts";
import { SessionCommits } from "./session-commits.ts";
import type { Abandoned } from "./stop-report.ts";
import { type Work, workOf } from "./work.ts";

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
  /** The session of these batches, or their lane of it, is gone. */
  gone: (works: Iterable<Work<E>>, reason: NakadiError) => void;
  committed: (cursors: number, outdated: number) => void;
  retrying: (error: NakadiError, delayMs: number) => void;
  state: (state: StreamState, reason: NakadiError | undefined) => void;
  /** Nothing can be read, or committed, any more. */
  fatal: (error: NakadiError) => void;
}

interface OpenSession<E> {
  readonly streamId: string;
  readonly handlers: Map<LaneKey, Handler<E>>;
  readonly tracker: CommitTracker<StreamCursor>;
  readonly commits: SessionCommits;
  /** Batches that are not done. */
  readonly works: Set<Work<E>>;
}

export class Reader<E> implements BatchSink<E> {
  readonly #parts: ReaderParts<E>;
  readonly #stream: StreamSession<E>;
  /** By stream id, until nothing of them can be committed any more. */
  readonly #sessions = new Map<string, OpenSession<E>>();
  #current: OpenSession<E> | undefined;
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
        healthy: () => observers.tell("onHealthy"),
      },
      watcher: {
        state: (kind, reason) => {
          this.#lastReason = reason;
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

  /** There may be room again. */
  drain(): void {
    this.#stream.drain();
  }

  /** Reads nothing more; what is open stays open, so that it can be committed. */
  stopReading(): void {
    this.#reading = false;
  }

  /** Commits whatever may be, for so long at most, and closes. Says what is left. */
  async end(withinMs: number, hurry: AbortSignal): Promise<Abandoned[]> {
    const sessions = [...this.#sessions.values()];
    const close = (): void => {
      for (const { commits } of sessions) commits.close();
    };
    hurry.addEventListener("abort", close, { once: true });
    for (const { commits } of sessions) commits.flush(withinMs);
    await Promise.all(sessions.map(({ commits }) => commits.idle()));
    hurry.removeEventListener("abort", close);
    const left = sessions.flatMap(abandonedOf);
    this.#stream.close();
    return left;
  }

  /** All of a batch is done. */
  done(work: Work<E>, as: DoneAs): void {
    const session = this.#sessions.get(work.session.streamId);
    if (!session?.works.delete(work)) return;
    session.tracker.done(work.ticket, as, work.events, this.#parts.clock.monotonicMs());
    session.commits.poke();
  }

  /** The batch that is not done for longest. */
  get oldest(): Work<E> | undefined {
    const [first] = this.#current?.works ?? [];
    return first;
  }

  push(batch: Batch<E>): void {
    const { clock, received } = this.#parts;
    const session = this.#sessionOf(batch.streamId);
    this.#current = session;
    const lane = laneKey(batch.cursor);
    const nowMs = clock.monotonicMs();
    const ticket = session.tracker.received(lane, batch.cursor, nowMs);
    const work = workOf(batch, lane, session, ticket, nowMs);
    session.works.add(work);
    session.commits.poke();
    received(work);
  }

  drop(): void {
    const session = this.#current;
    this.#current = undefined;
    if (!session) return;
    if (this.#reading) this.#parts.metrics.count("sessionsLost");
    const works = [...session.works];
    session.works.clear();
    const cause = this.#lastReason;
    this.#parts.gone(works, new SessionLostError(session.streamId, "the stream is over", { cause }));
    session.commits.flush(this.#parts.settings.commitTimeoutMs);
    // What is being stopped is not opened again; not from within the step that ends it.
    if (!this.#reading) queueMicrotask(() => this.#stream.close());
  }

  dropLanes(lanes: ReadonlySet<LaneKey>): void {
    const session = this.#current;
    if (!session) return;
    const works = [...session.works].filter(({ lane }) => lanes.has(lane));
    for (const work of works) session.works.delete(work);
    this.#parts.metrics.count("lanesLost", lanes.size);
    for (const lane of lanes) session.handlers.delete(lane);
    const reason = new SessionLostError(session.streamId, "the server has taken the lane away", { lanes: [...lanes] });
    this.#parts.gone(works, reason);
  }

  finish(error: NakadiError | undefined): void {
    if (error) this.#parts.fatal(error);
  }

  #sessionOf(streamId: string): OpenSession<E> {
    const known = this.#sessions.get(streamId);
    if (known) return known;
    const { settings, committer, observers, clock, random, committed, retrying } = this.#parts;
    const { commitTimeoutMs } = settings;
    const tracker = new CommitTracker<StreamCursor>(settings.commit, commitTimeoutMs);
    const commits = new SessionCommits({
      streamId,
      tracker,
      committer,
      clock,
      random,
      retry: settings.stream.retry,
      committed: (cursors, outdated) => {
        this.#stream.committed(streamId);
        observers.tell("onHealthy");
        committed(cursors, outdated);
      },
      retrying,
      lost: (lanes) => this.#stream.loseLanes(streamId, lanes),
      overdue: (ageMs) => this.#overdue(session, ageMs),
      fatal: (error) => this.#stream.fail(error),
      over: () => this.#sessions.delete(streamId),
    });
    const session = { streamId, handlers: new Map(), tracker, commits, works: new Set<Work<E>>() };
    this.#sessions.set(streamId, session);
    return session;
  }

  #overdue({ streamId, tracker }: OpenSession<E>, ageMs: number): void {
    const { observers, settings, logger, metrics } = this.#parts;
    metrics.count("commitsOverdue");
    const waiting = tracker.uncommitted.map(({ cursor }) => ({ lane: laneOf(cursor), offset: cursor.offset }));
    logger.warn({ streamId, ageMs, waiting }, "the commit timeout is near and batches are not done");
    observers.tell("onCommitOverdue", { streamId, ageMs, commitTimeoutMs: settings.commitTimeoutMs, waiting });
  }

  #message(text: string, cursor: StreamCursor): void {
    const { observers, logger, metrics } = this.#parts;
    const place = { ...laneOf(cursor), streamId: cursor.streamId };
    for (const message of serverMessages(text)) {
      if (message.kind === "stream-started" && message.eventsLost > 0) {
        metrics.count("eventsLost", message.eventsLost);
        logger.error({ ...place, count: message.eventsLost }, "events were deleted before they were read");
        observers.tell("onEventsLost", { ...place, count: message.eventsLost });
      }
      observers.tell("onServerMessage", { ...place, message });
    }
  }
}

function abandonedOf<E>({ tracker, works }: OpenSession<E>): Abandoned[] {
  const begun = new Set([...works].filter((work) => work.begun).map(({ ticket }) => ticket));
  return tracker.uncommitted.map((ticket) => {
    const { cursor, state } = ticket;
    const open = begun.has(ticket) ? "not-done" : "not-begun";
    const done = tracker.isReady(ticket) ? "not-committed" : "held";
    return { lane: laneOf(cursor), offset: cursor.offset, because: state === "open" ? open : done };
  });
}
