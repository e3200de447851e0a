/**
 * Options of a consumer: those of a stream, and those of handling and committing. Contradictions are a ConfigError.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";
import { functionOrNone, knownMembers, optionalWholeNumber, wholeNumber, withFunctions } from "../options/checks.ts";
import { type Metrics, silentMetrics } from "../observability/metrics.ts";
import { PARAMETER_NAMES, type StreamOptions, type StreamSettings, streamSettings } from "../stream/options.ts";
import { type CommitRule, commitRule, type CommitStrategy } from "./reading/commit-strategy.ts";
import { type FailureOptions, type FailureSettings, failureSettings } from "./failures/failure-policy.ts";
import type { Handler, HandlerFactory } from "./handling/handler.ts";
import type { ConsumerObservers } from "./reporting/observers.ts";

export interface ConsumerOptions<E = unknown>
  extends
    Omit<
      StreamOptions,
      | "commitRetry"
      | "bufferedBatches"
      | "bufferedBytes"
      | "batchLimit"
      | "maxUncommittedEvents"
      | "batchFlushTimeoutSeconds"
    >,
    ConsumerObservers {
  /** Events in a batch at most, 1 or more. Default 100, or `maxUncommittedEvents` where that is less. */
  batchLimit?: number;
  /** Events that may be delivered and not yet committed, `batchLimit` or more. Default 1000, or twice `batchLimit` where that is more. */
  maxUncommittedEvents?: number;
  /** Seconds after which the server sends a batch even if it is not full, 1 or more. Default 1. */
  batchFlushTimeoutSeconds?: number;
  /** Handlers that run at a time, in all lanes together, 1 or more. Default 16. */
  concurrency?: number;
  /** Handles the keys of a lane in parallel, each key in order. Default: a lane is handled in order. */
  key?: (event: E) => string;
  /** When done batches are committed. Default: after half of `maxUncommittedEvents` or a second, whichever is first. */
  commit?: CommitStrategy;
  /** What happens when a handler fails. Default: ten attempts in place, then the consumer stops with the error. */
  failure?: FailureOptions<E>;
  /** Milliseconds after which an attempt has failed and its signal is aborted, 1 or more. Default: no limit. */
  handlerTimeoutMs?: number;
  /** Streams that are kept open at a time, 1 or more; each needs a slot. Default 1. */
  streams?: number;
  /** Events that begin to be handled in a second on average, 1 or more. Default: no limit. */
  maxEventsPerSecond?: number;
  /** Receives the metrics. Default: none. */
  metrics?: Metrics;
  /** Batches that were received and are not done, in all lanes together, before the sockets are paused. Default 100. */
  bufferedBatches?: number;
  /** Bytes of such batches before the sockets are paused. Default 64 MiB. */
  bufferedBytes?: number;
}

export interface ConsumerSettings<E> {
  stream: StreamSettings;
  /** The handler of a lane in a session. */
  handlerOf: HandlerFactory<E>;
  concurrency: number;
  key: ((event: E) => string) | undefined;
  commit: CommitRule;
  commitTimeoutMs: number;
  failure: FailureSettings<E>;
  handlerTimeoutMs: number | undefined;
  streams: number;
  maxEventsPerSecond: number | undefined;
  bufferedBatches: number;
  bufferedBytes: number;
  metrics: Metrics;
  observers: ConsumerObservers;
}

const HANDLERS = ["onBatch", "onEvent"];
const OBSERVERS = [
  "onState",
  "onRetry",
  "onHealthy",
  "onCommitOverdue",
  "onEventsLost",
  "onServerMessage",
  "onFailed",
] as const satisfies (keyof ConsumerObservers)[];
const OWN = [
  "concurrency",
  "key",
  "commit",
  "failure",
  "handlerTimeoutMs",
  "streams",
  "maxEventsPerSecond",
  "metrics",
  "bufferedBatches",
  "bufferedBytes",
  ...OBSERVERS,
] as const satisfies (keyof ConsumerOptions)[];
const OF_STREAM = [
  ...PARAMETER_NAMES,
  "retry",
  "maxLineBytes",
  "idleGraceMs",
] as const satisfies (keyof ConsumerOptions & keyof StreamOptions)[];

const MEBIBYTE = 1024 * 1024;

/** @throws {ConfigError} */
export function consumerSettings<E>(
  given: HandlerFactory<E> | (Handler<E> & ConsumerOptions<E>),
  options: ConsumerOptions<E>,
): ConsumerSettings<E> {
  knownMembers("options", options, [...OWN, ...OF_STREAM]);
  if (typeof given === "function") return settingsOf(given, options);
  const { onBatch, onEvent, ...more } = besideHandler(given);
  const twice = Object.keys(more).find((name) => name in options);
  if (twice !== undefined)
    throw new ConfigError(`options.${twice}`, "given once, either beside the handler or in the options");
  const handler = checkedHandler(given);
  const all = { ...more, ...options };
  if (handler.onEvent && all.failure?.bisect) {
    throw new ConfigError("options.failure.bisect", "left out: a handler of single events has nothing to halve");
  }
  return settingsOf(() => handler, all);
}

/** The options beside a handler. A handler of a class has state of its own and no options. */
function besideHandler<E>(given: Handler<E> & ConsumerOptions<E>): Handler<E> & ConsumerOptions<E> {
  if (given instanceof Object && Object.getPrototypeOf(given) !== Object.prototype) return {};
  knownMembers("handler", given, [...HANDLERS, ...OWN, ...OF_STREAM]);
  return given;
}

/** @throws {ConfigError} unless it has one of `onBatch` and `onEvent` */
export function checkedHandler<E>(handler: Handler<E>): Handler<E> {
  const found = HANDLERS.filter((name) => typeof handler[name as keyof Handler<E>] === "function");
  if (found.length !== 1) throw new ConfigError("handler", "an object with one of the functions onBatch and onEvent");
  return handler;
}

function settingsOf<E>(handlerOf: HandlerFactory<E>, options: ConsumerOptions<E>): ConsumerSettings<E> {
  const stream = streamSettings({ ...forThroughput(options), ...pick(options, OF_STREAM) });
  const commitTimeoutMs = (stream.parameters.commit_timeout ?? 60) * 1_000;
  const streams = wholeNumber("options.streams", options.streams, { min: 1 }, 1);
  if (streams > 1 && options.partitions !== undefined) {
    throw new ConfigError("options.streams", "1 with partitions: no two streams can have the same ones");
  }
  const observers = pick(options, OBSERVERS);
  for (const name of OBSERVERS) functionOrNone<unknown>(`options.${name}`, observers[name]);
  return {
    stream,
    handlerOf,
    concurrency: wholeNumber("options.concurrency", options.concurrency, { min: 1 }, 16),
    key: functionOrNone("options.key", options.key),
    commit: commitRule(options.commit, {
      maxUncommittedEvents: stream.parameters.max_uncommitted_events ?? 10,
      commitTimeoutMs,
    }),
    commitTimeoutMs,
    failure: failureSettings(options.failure ?? {}),
    handlerTimeoutMs: optionalWholeNumber("options.handlerTimeoutMs", options.handlerTimeoutMs, { min: 1 }),
    streams,
    maxEventsPerSecond: optionalWholeNumber("options.maxEventsPerSecond", options.maxEventsPerSecond, { min: 1 }),
    bufferedBatches: wholeNumber("options.bufferedBatches", options.bufferedBatches, { min: 1 }, 100),
    bufferedBytes: wholeNumber("options.bufferedBytes", options.bufferedBytes, { min: 1 }, 64 * MEBIBYTE),
    metrics: checkedMetrics(options.metrics),
    observers,
  };
}

const BATCH_EVENTS = 100;
const WINDOW_EVENTS = 1_000;

/** Defaults that keep a consumer busy during a commit. Those of a stream, one event and ten, are the ones of go-nakadi. */
function forThroughput<E>({ batchLimit, maxUncommittedEvents }: ConsumerOptions<E>): StreamOptions {
  // A value that is not a number is refused by its check, which names the option.
  const window = typeof maxUncommittedEvents === "number" ? maxUncommittedEvents : WINDOW_EVENTS;
  const batch = typeof batchLimit === "number" ? batchLimit : 0;
  return {
    batchLimit: Math.min(BATCH_EVENTS, window),
    maxUncommittedEvents: Math.max(WINDOW_EVENTS, 2 * batch),
    batchFlushTimeoutSeconds: 1,
  };
}

function checkedMetrics(metrics: Metrics | undefined): Metrics {
  return metrics === undefined ? silentMetrics : withFunctions("options.metrics", metrics, ["count", "gauge"]);
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<
    T,
    K
  >;
}
