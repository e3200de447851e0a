/**
 * The stream of a subscription as the program sees it: opened again whenever it ends, until it is closed or cannot work
 * (design 3.2, 3.3, 3.5). This is the driver: what happens is told to the session machine, what that orders is done here.
 */
import { type Clock, type Cursor, type LaneKey, laneKey, type Timer } from "nakadi-protocol";
import { type CommitItem, ConfigError, HttpError, ProtocolError, SessionLostError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { holdProcess } from "../transport/hold-process.ts";
import type { HttpPipeline } from "../transport/http-pipeline.ts";
import type { StreamResponse } from "../transport/transport.ts";
import { backoffMs } from "./backoff.ts";
import { type Batch, type StreamCursor, withStreamId } from "./batch.ts";
import { BatchQueue } from "./batch-queue.ts";
import { type CommitOutcome, type CommitResult, Committer } from "./committer.ts";
import type { StreamSettings } from "./options.ts";
import { INITIAL_STATE, type SessionEffect, type SessionEvent, type SessionState, step } from "./session-machine.ts";
import { StreamConnection } from "./stream-connection.ts";
import { StreamOpener } from "./stream-opener.ts";

export type StreamState = SessionState["kind"];
type Committable<E> = Batch<E> | StreamCursor;

export interface BatchStream<E = unknown> extends AsyncIterable<Batch<E>>, AsyncDisposable {
  /** `connecting`, `streaming`, `backing-off`, `waiting-for-slot`, `closed` or `failed`. */
  readonly state: StreamState;
  /**
   * The next batch; keep-alives are none. Calls are served in their order. `undefined` after `close`.
   * @throws the fatal error, each time; an abort rejects with its reason and takes no batch; {ConfigError} beside an iterator
   */
  nextBatch(options?: { signal?: AbortSignal }): Promise<Batch<E> | undefined>;
  /**
   * Commits everything up to the given batches or cursors, each with the stream it came from. Nothing is sent for `[]`.
   * @param options.streamId for cursors that do not know their stream
   * @throws {SessionLostError} if the server has taken the stream, or a lane of it, away; HttpError, TransportError,
   *   TimeoutError; {ConfigError} for a cursor without a stream
   */
  commit(
    what: Committable<E> | readonly Committable<E>[],
    options?: { signal?: AbortSignal; streamId?: string },
  ): Promise<CommitResult>;
  /** Ends the stream at once, so that its slot is free. Idempotent. */
  close(): Promise<void>;
}

export interface BatchStreamParts {
  pipeline: HttpPipeline;
  subscription: string;
  settings: StreamSettings;
  clock: Clock;
  random: () => number;
  logger: Logger;
  /** Milliseconds until the head of a stream must be there. */
  headTimeoutMs: number;
  /** Called once when the stream is closed or has failed. */
  done: () => void;
}

export class SubscriptionBatchStream<E> implements BatchStream<E> {
  readonly #parts: BatchStreamParts;
  readonly #queue: BatchQueue<E>;
  readonly #committer: Committer;
  readonly #ending = new AbortController();
  readonly #opener: StreamOpener;
  #state: SessionState = INITIAL_STATE;
  #connection: StreamConnection<E> | undefined;
  #opening: AbortController | undefined;
  #waiting: Timer | undefined;
  /** Lanes of the open stream; true while the server leaves them to us. */
  #lanes = new Map<LaneKey, boolean>();
  #reader: "nextBatch" | "iterator" | undefined;

  constructor(parts: BatchStreamParts) {
    this.#parts = parts;
    const { settings, subscription, pipeline, clock, random } = parts;
    this.#opener = new StreamOpener(pipeline, subscription, settings, parts.headTimeoutMs);
    this.#queue = new BatchQueue({ batches: settings.bufferedBatches, bytes: settings.bufferedBytes }, () =>
      this.#connection?.drain(),
    );
    this.#committer = new Committer({
      pipeline,
      subscription,
      clock,
      random,
      retry: settings.retry,
      maxElapsedMs: settings.commitMaxElapsedMs,
      onRetry: (error, delayMs) => this.#observe(() => settings.onRetry?.(error, delayMs)),
    });
    if (settings.capped) {
      parts.logger.warn(
        { subscription },
        "maxUncommittedEvents is 10 by default, so no batch holds more, whatever batchLimit says",
      );
    }
    this.#connect();
  }

  get state(): StreamState {
    return this.#state.kind;
  }

  nextBatch({ signal }: { signal?: AbortSignal } = {}): Promise<Batch<E> | undefined> {
    try {
      this.#claim("nextBatch");
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#queue.next(signal);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch<E>, undefined> {
    this.#claim("iterator");
    return {
      next: async () => {
        const value = await this.#queue.next();
        return value ? { value, done: false } : { value: undefined, done: true };
      },
      return: async () => {
        await this.close();
        return { value: undefined, done: true };
      },
    };
  }

  async commit(
    what: Committable<E> | readonly Committable<E>[],
    { signal, streamId }: { signal?: AbortSignal; streamId?: string } = {},
  ): Promise<CommitResult> {
    const cursors = (isList(what) ? what : [what]).map((one) => cursorOf(one, streamId));
    const done = new Map<Cursor, CommitItem>();
    const lost: SessionLostError[] = [];
    for (const [id, ofStream] of byStream(cursors)) {
      const outcome = await this.#commitOf(ofStream, id, signal);
      for (const item of outcome.items) done.set(item.cursor, item);
      lost.push(...outcome.lost);
    }
    const items = cursors.flatMap((cursor) => done.get(cursor) ?? []);
    const [first] = lost;
    if (first) {
      const lanes = lost.flatMap((one) => one.lanes);
      throw new SessionLostError(first.streamId, first.message, { items, lanes });
    }
    const outdated = items.some(({ result }) => result === "outdated");
    return { result: outdated ? "outdated" : "committed", items };
  }

  async close(): Promise<void> {
    this.#tell({ kind: "close" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #commitOf(
    cursors: readonly Cursor[],
    streamId: string,
    signal: AbortSignal | undefined,
  ): Promise<CommitOutcome> {
    try {
      const outcome = await this.#committer.commit(cursors, streamId, this.#ending.signal, signal);
      if (outcome.items.length > 0) this.#observe(() => this.#parts.settings.onHealthy?.());
      if (outcome.lost.length > 0) this.#loseLanes(streamId, new Set(outcome.lost.flatMap(({ lanes }) => lanes)));
      return outcome;
    } catch (error) {
      if (error instanceof HttpError && [401, 403, 404].includes(error.status)) this.#tell({ kind: "fatal", error });
      throw error;
    }
  }

  /** Only the stream that the lanes belonged to is touched, never a newer one. */
  #loseLanes(streamId: string, lost: ReadonlySet<LaneKey>): void {
    if (this.#connection?.streamId !== streamId) return;
    for (const lane of lost) this.#lanes.set(lane, false);
    this.#queue.dropLanes(lost);
    if ([...this.#lanes.values()].some(Boolean)) return;
    const error = new SessionLostError(streamId, "the server has taken every lane of the stream away");
    this.#tell({ kind: "ended", error, atMs: this.#parts.clock.monotonicMs() });
  }

  #claim(reader: "nextBatch" | "iterator"): void {
    if (this.#reader === undefined || (reader === "nextBatch" && this.#reader === "nextBatch")) this.#reader = reader;
    else if (reader === "iterator" || this.#state.kind !== "closed") {
      throw new ConfigError("the stream", "read either by one iterator or by nextBatch, not by both");
    }
  }

  #tell(event: SessionEvent): void {
    const { state, effects } = step(this.#state, event, { quietSlotMs: this.#parts.settings.quietSlotMs });
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case "connect":
        this.#connect();
        return;
      case "drop":
        this.#drop();
        return;
      case "wait":
        this.#wait(effect);
        return;
      case "cancel-wait":
        this.#waiting?.cancel();
        return;
      case "tell-healthy":
        this.#observe(() => this.#parts.settings.onHealthy?.());
        return;
      case "finish":
        this.#drop();
        this.#ending.abort();
        this.#queue.finish(effect.error);
        this.#parts.done();
    }
  }

  #drop(): void {
    this.#opening?.abort(new ProtocolError("the stream was closed"));
    this.#opening = undefined;
    this.#connection?.close();
    this.#connection = undefined;
    this.#lanes = new Map();
    this.#queue.drop();
  }

  #wait({ failures, cause, alarm }: Extract<SessionEffect, { kind: "wait" }>): void {
    const { settings, random, clock } = this.#parts;
    const askedMs = cause instanceof HttpError ? cause.retryAfterMs : undefined;
    const delayMs = backoffMs(Math.max(0, failures), settings.retry, random(), askedMs);
    const release = holdProcess();
    const timer = clock.schedule(delayMs, () => {
      release();
      this.#tell({ kind: "due" });
    });
    this.#waiting = {
      cancel: () => {
        release();
        timer.cancel();
      },
    };
    if (alarm) this.#observe(() => settings.onRetry?.(alarm, delayMs));
  }

  #connect(): void {
    const opening = new AbortController();
    this.#opening = opening;
    void this.#open(opening);
  }

  async #open(attempt: AbortController): Promise<void> {
    const { clock } = this.#parts;
    const opening = await this.#opener.open(attempt.signal);
    if (attempt.signal.aborted) {
      if (opening.kind === "opened") opening.response.close();
      return;
    }
    if (opening.kind === "refused") {
      this.#tell({ ...opening, atMs: clock.monotonicMs() });
      return;
    }
    const connection = this.#connectionOf(opening.response, opening.streamId);
    this.#opening = undefined;
    this.#connection = connection;
    this.#tell({ kind: "opened", atMs: clock.monotonicMs() });
    // An observer may have closed the stream just now.
    if (this.#connection === connection) connection.start();
  }

  #connectionOf(response: StreamResponse, streamId: string): StreamConnection<E> {
    const { clock, settings } = this.#parts;
    return new StreamConnection<E>({
      response,
      streamId,
      request: this.#opener.request,
      clock,
      maxLineBytes: settings.maxLineBytes,
      idleLimitMs: settings.idleLimitMs,
      hasRoom: () => !this.#queue.full,
      hasMuchRoom: () => this.#queue.low,
      batch: (batch) => this.#take(batch),
      over: (error, fatal) => {
        if (fatal && error) this.#tell({ kind: "fatal", error });
        else this.#tell({ kind: "ended", error, atMs: clock.monotonicMs() });
      },
    });
  }

  #take(batch: Batch<E>): void {
    const lane = laneKey(batch.cursor);
    if (this.#lanes.get(lane) === false) return;
    this.#lanes.set(lane, true);
    if (this.#state.kind === "streaming" && !this.#state.useful) this.#tell({ kind: "batch" });
    this.#queue.push(batch);
  }

  /** What an observer throws, or rejects with if it is an async function, is its own affair. */
  #observe(call: () => unknown): void {
    const failed = (error: unknown): void => this.#parts.logger.error({ error }, "an observer of a stream has thrown");
    try {
      const answer = call();
      if (answer instanceof Promise) answer.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function isList<T>(what: T | readonly T[]): what is readonly T[] {
  return Array.isArray(what);
}

function cursorOf(what: Committable<unknown>, streamId: string | undefined): StreamCursor {
  const cursor = "cursor" in what ? what.cursor : what;
  const id = cursor.streamId ?? streamId;
  if (typeof id === "string" && id !== "") return withStreamId(cursor, id);
  throw new ConfigError("cursor.streamId", "the id of the stream that the cursor came from; or give options.streamId");
}

function byStream(cursors: readonly StreamCursor[]): Map<string, StreamCursor[]> {
  const streams = new Map<string, StreamCursor[]>();
  for (const cursor of cursors) streams.set(cursor.streamId, [...(streams.get(cursor.streamId) ?? []), cursor]);
  return streams;
}
