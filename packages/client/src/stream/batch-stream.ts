/** The stream of a subscription as programs use it: they take batches and commit, until the stream is closed or fails. */
import { type Clock, type Cursor, batchLineSteps } from "nakadi-protocol";
import { type CommitItem, HttpError, SessionLostError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import type { HttpPipeline } from "../transport/http-pipeline.ts";
import type { Batch } from "./batch.ts";
import { BatchQueue } from "./batch-queue.ts";
import { BatchReading } from "./batch-reading.ts";
import { type CommitOutcome, type CommitResult, Committer } from "./committer.ts";
import { byStream, type Committable, cursorsOf } from "./cursors-by-stream.ts";
import { StreamObservers } from "./observers.ts";
import type { StreamSettings } from "./options.ts";
import { StreamOpener } from "./stream-opener.ts";
import { StreamSession, type StreamState } from "./stream-session.ts";

export interface BatchStream<E = unknown> extends AsyncIterable<Batch<E>>, AsyncDisposable {
  /** `connecting`, `streaming`, `backing-off`, `waiting-for-slot`, `closed` or `failed`. */
  readonly state: StreamState;
  /**
   * The next batch; keep-alives are not delivered. Concurrent calls are served in order. `undefined` after `close`.
   * @throws the fatal error, each time; an abort rejects with its reason and takes no batch; {ConfigError} beside an iterator
   */
  nextBatch(options?: { signal?: AbortSignal }): Promise<Batch<E> | undefined>;
  /**
   * Commits everything up to the given batches or cursors, each with the stream it came from. Nothing is sent for `[]`.
   * @param options.streamId the stream of cursors that have no stream id
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
  /** Milliseconds until the response headers of a stream must have arrived. */
  headTimeoutMs: number;
  /** Called once when the stream is closed or has failed. */
  done: () => void;
}

export class SubscriptionBatchStream<E> implements BatchStream<E> {
  readonly #session: StreamSession<E>;
  readonly #committer: Committer;
  readonly #observers: StreamObservers;
  readonly #reading: BatchReading<E>;

  constructor({ pipeline, subscription, settings, clock, random, logger, headTimeoutMs, done }: BatchStreamParts) {
    this.#observers = new StreamObservers(settings, logger);
    const queue = new BatchQueue<E>(
      { batches: settings.bufferedBatches, bytes: settings.bufferedBytes },
      { drained: () => this.#session.drain() },
    );
    this.#session = new StreamSession({
      opener: new StreamOpener(pipeline, subscription, settings, headTimeoutMs),
      settings,
      readLine: batchLineSteps,
      sink: queue,
      observers: this.#observers,
      clock,
      random,
    });
    this.#reading = new BatchReading(queue, this.#session);
    this.#committer = new Committer({
      pipeline,
      subscription,
      clock,
      random,
      retry: settings.retry,
      maxElapsedMs: settings.commitMaxElapsedMs,
      onRetry: (error, delayMs) => this.#observers.retry(error, delayMs),
    });
    if (settings.capped) {
      logger.warn(
        { subscription },
        "maxUncommittedEvents is 10 by default, so no batch holds more, whatever batchLimit says",
      );
    }
    this.#session.ended.addEventListener("abort", done, { once: true });
    this.#session.start();
  }

  get state(): StreamState {
    return this.#session.state;
  }

  nextBatch({ signal }: { signal?: AbortSignal } = {}): Promise<Batch<E> | undefined> {
    return this.#reading.nextBatch(signal);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch<E>, undefined> {
    return this.#reading.iterator();
  }

  async commit(
    what: Committable<E> | readonly Committable<E>[],
    { signal, streamId }: { signal?: AbortSignal; streamId?: string } = {},
  ): Promise<CommitResult> {
    const cursors = cursorsOf(what, streamId);
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
    this.#session.close();
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
      const outcome = await this.#committer.commit(cursors, streamId, this.#session.ended, signal);
      if (outcome.items.length > 0) {
        if (outcome.items.some(({ result }) => result === "committed")) this.#session.progressed();
        this.#observers.healthy();
      }
      if (outcome.lost.length > 0) {
        this.#session.loseLanes(streamId, new Set(outcome.lost.flatMap(({ lanes }) => lanes)));
      }
      return outcome;
    } catch (error) {
      if (error instanceof HttpError && [401, 403, 404].includes(error.status)) this.#session.fail(error);
      throw error;
    }
  }
}
