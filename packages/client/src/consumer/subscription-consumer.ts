/** The consumer: reads a subscription and calls handlers until it is stopped or fails. */
import type { Clock, EventTypePartition } from "nakadi-protocol";
import { laneKey } from "nakadi-protocol";
import { NakadiError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { abortSignal, wholeNumber } from "../options/checks.ts";
import { Committer } from "../stream/committer.ts";
import { StreamOpener } from "../stream/stream-opener.ts";
import type { StreamState } from "../stream/stream-session.ts";
import { holdProcess } from "../transport/hold-process.ts";
import type { HttpPipeline } from "../transport/http-pipeline.ts";
import { sharedSignal } from "../transport/shared-signal.ts";
import { Account } from "./reporting/account.ts";
import { Backlog } from "./reading/backlog.ts";
import { cameWithin } from "./bounded-wait.ts";
import type { Consumer, StopOptions } from "./consumer.ts";
import { ConsumerMetrics } from "./reporting/consumer-metrics.ts";
import type { PublishLetters } from "./failures/dead-letter.ts";
import { Handling } from "./handling/handling.ts";
import { type ConsumerHealth, healthOf } from "./reporting/health.ts";
import { laneOf } from "./handling/lane.ts";
import { type ConsumerState, Observers } from "./reporting/observers.ts";
import type { ConsumerSettings } from "./options.ts";
import { OwnCalls, refusedWait, SelfWaitError } from "./own-calls.ts";
import { Reader } from "./reading/reader.ts";
import type { StopReport } from "./reporting/stop-report.ts";
import { FailureResolver } from "./failures/failure-resolver.ts";

export interface ConsumerParts<E> {
  pipeline: HttpPipeline;
  subscription: string;
  settings: ConsumerSettings<E>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  headTimeoutMs: number;
  publish: PublishLetters;
  /** Called once when the consumer has stopped or failed. */
  over: () => void;
}

const DRAIN_MS = 10_000;
const LAST_COMMIT_MS = 5_000;
/** Best first: the state of the consumer is the best one of its streams. */
const RANKS = ["streaming", "waiting-for-slot", "backing-off", "connecting"] as const satisfies StreamState[];

export class SubscriptionConsumer<E> implements Consumer {
  readonly #parts: ConsumerParts<E>;
  readonly #observers: Observers;
  readonly #backlog: Backlog;
  readonly #handling: Handling<E>;
  readonly #readers: Reader<E>[];
  readonly #release = holdProcess();
  /** Calls of handlers, of the failure policy and of sinks. */
  readonly #ownCalls = new OwnCalls();
  readonly #account: Account;
  readonly #metrics: ConsumerMetrics;
  #state: ConsumerState = "connecting";
  #stateSinceMs: number;
  /** Since when no stream is open. Failed attempts to open one do not reset it. */
  #withoutStreamSinceMs: number | undefined;
  #stopping = false;
  /** Aborted by `close`, which ends every wait. */
  readonly #closing = new AbortController();
  #failure: NakadiError | undefined;
  #end: (ending: Ending) => void = () => undefined;
  readonly #ended = new Promise<Ending>((resolve) => (this.#end = resolve));
  #done: Promise<StopReport> | undefined;

  constructor(parts: ConsumerParts<E>) {
    this.#parts = parts;
    const { settings, clock, random, logger, subscription, publish } = parts;
    this.#observers = new Observers(settings.observers, logger);
    this.#backlog = new Backlog({ batches: settings.bufferedBatches, bytes: settings.bufferedBytes });
    this.#metrics = new ConsumerMetrics(settings.metrics, subscription, logger);
    this.#account = new Account(clock, this.#backlog, this.#metrics);
    this.#stateSinceMs = clock.monotonicMs();
    this.#withoutStreamSinceMs = this.#stateSinceMs;
    const retrying = (error: NakadiError, delayMs: number): void => this.#retrying(error, delayMs);
    const failureResolver = new FailureResolver<E>({
      subscription,
      settings: settings.failure,
      clock,
      random,
      logger,
      publish,
      retrying,
      gaveUp: (action, events) => this.#account.gaveUp(action, events),
    });
    this.#handling = new Handling<E>({
      settings,
      clock,
      random,
      logger,
      failureResolver,
      ownCalls: this.#ownCalls,
      done: (work, as) => {
        this.#account.done(work);
        for (const reader of this.#readers) reader.done(work, as);
      },
      released: (work) => {
        this.#account.released(work);
        for (const reader of this.#readers) reader.drain();
      },
      retrying,
      stop: () => this.#beginStop(DRAIN_MS),
      fatal: (error) => this.#fail(error, DRAIN_MS),
    });
    const committer = new Committer({
      pipeline: parts.pipeline,
      subscription,
      clock,
      random,
      retry: settings.stream.retry,
      // SessionCommits retries, each time with the newest positions.
      maxElapsedMs: 0,
      onRetry: () => undefined,
    });
    const opener = new StreamOpener(parts.pipeline, subscription, settings.stream, parts.headTimeoutMs);
    this.#readers = Array.from({ length: settings.streams }, () => this.#readerOf(committer, opener));
    for (const reader of this.#readers) reader.start();
  }

  get state(): ConsumerState {
    return this.#state;
  }

  get done(): Promise<StopReport> {
    if (this.#ownCalls.inside) return refusedWait(selfWait("consumer.done"));
    this.#done ??= this.#ended.then(({ report, failure }) => {
      if (failure) throw failure;
      return report;
    });
    return this.#done;
  }

  stop(options: StopOptions = {}): Promise<StopReport> {
    const stopped = this.#stopped(options);
    return this.#ownCalls.inside ? refusedWait(selfWait("consumer.stop()")) : stopped;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#beginStop(0);
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  pause(lane?: EventTypePartition): void {
    this.#handling.pause(lane && laneKey(lane));
  }

  resume(lane?: EventTypePartition): void {
    this.#handling.resume(lane && laneKey(lane));
  }

  health(): ConsumerHealth {
    const { clock, settings } = this.#parts;
    const nowMs = clock.monotonicMs();
    const [oldest] = this.#readers
      .flatMap((reader) => reader.oldest ?? [])
      .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs);
    return healthOf({
      state: this.#state,
      stateForMs: nowMs - this.#stateSinceMs,
      withoutStreamMs: this.#withoutStreamSinceMs === undefined ? undefined : nowMs - this.#withoutStreamSinceMs,
      ...this.#account.times,
      sessionsWithoutProgress: Math.max(...this.#readers.map((reader) => reader.sessionsWithoutProgress)),
      backlog: { batches: this.#backlog.batches, bytes: this.#backlog.bytes },
      slowest: oldest && {
        lane: laneOf(oldest.batch.cursor),
        offset: oldest.batch.cursor.offset,
        ageMs: nowMs - oldest.receivedAtMs,
      },
      commitTimeoutMs: settings.commitTimeoutMs,
      quietMs: settings.stream.quietSlotMs,
    });
  }

  #readerOf(committer: Committer, opener: StreamOpener): Reader<E> {
    const { settings, clock, random, logger } = this.#parts;
    return new Reader<E>({
      settings,
      opener,
      committer,
      observers: this.#observers,
      backlog: this.#backlog,
      metrics: this.#metrics,
      logger,
      clock,
      random,
      received: (work) => {
        this.#account.received(work);
        this.#handling.addBatch(work);
      },
      gone: (loss) => this.#handling.dropLost(loss),
      committed: (items) => {
        this.#handling.noteCommitted(new Set(items.map(({ cursor }) => laneKey(cursor))));
        this.#account.committed(items.length, items.filter(({ result }) => result === "outdated").length);
      },
      retrying: (error, delayMs) => this.#retrying(error, delayMs),
      state: (_state, reason) => this.#updateState(reason),
      fatal: (error) => this.#fail(error, 0),
    });
  }

  /** Updates the state from the states of the streams. */
  #updateState(reason: NakadiError | undefined): void {
    if (this.#stopping) return;
    const states = new Set<StreamState>(this.#readers.map(({ state }) => state));
    const best = RANKS.find((rank) => states.has(rank));
    if (best) this.#enterState(best, reason);
  }

  #enterState(state: ConsumerState, reason: NakadiError | undefined): void {
    if (state === this.#state) return;
    const previous = this.#state;
    this.#state = state;
    this.#stateSinceMs = this.#parts.clock.monotonicMs();
    if (state === "streaming") this.#withoutStreamSinceMs = undefined;
    else if (state !== "draining") this.#withoutStreamSinceMs ??= this.#stateSinceMs;
    this.#observers.notify("onState", { state, previous, reason });
  }

  #retrying(error: NakadiError, delayMs: number): void {
    this.#metrics.count(error.code === "HANDLER" ? "handlerFailures" : "retries");
    this.#observers.notify("onRetry", error, delayMs);
  }

  #fail(error: NakadiError, drainMs: number): void {
    this.#failure ??= error;
    this.#beginStop(drainMs);
  }

  #beginStop(drainMs: number, signal?: AbortSignal): void {
    if (this.#stopping) return;
    this.#stopping = true;
    void this.#stop(drainMs, signal);
  }

  async #stopped(options: StopOptions): Promise<StopReport> {
    const drainMs = wholeNumber("options.drainMs", options.drainMs, { min: 0 }, DRAIN_MS);
    this.#beginStop(drainMs, abortSignal("options.signal", options.signal));
    return (await this.#ended).report;
  }

  async #stop(drainMs: number, signal: AbortSignal | undefined): Promise<void> {
    this.#enterState("draining", this.#failure);
    for (const reader of this.#readers) reader.stopReading();
    const signals = [this.#closing.signal, ...(signal ? [signal] : [])];
    const drained = await cameWithin(this.#handling.drain(), drainMs, this.#parts.clock, signals);
    if (!drained)
      this.#handling.abortAll(new NakadiError("CLOSED", "the consumer stops, and its drain time has passed"));
    const withinMs = this.#closing.signal.aborted ? 0 : LAST_COMMIT_MS;
    const closing = sharedSignal(this.#closing.signal);
    const abandoned = await Promise.all(this.#readers.map((reader) => reader.end(withinMs, closing)));
    this.#release();
    const failure = this.#failure;
    this.#enterState(failure ? "failed" : "stopped", failure);
    this.#parts.over();
    this.#end({ report: { ...this.#account.counts, abandoned: abandoned.flat(), drained }, failure });
    if (failure) this.#reportFailure(failure);
  }

  #reportFailure(failure: NakadiError): void {
    this.#observers.notify("onFailed", failure);
    if (this.#done || this.#observers.has("onFailed")) return;
    const { subscription } = this.#parts;
    process.emitWarning(`The consumer of subscription ${subscription} has failed: ${failure.message}`, {
      type: "NakadiConsumerFailed",
      code: failure.code,
    });
  }
}

function selfWait(what: string): SelfWaitError {
  return new SelfWaitError(what, "a handler", 'return "stop" instead, or do not await it');
}

/** How a consumer ended. */
interface Ending {
  report: StopReport;
  failure: NakadiError | undefined;
}
