/** Options of a publisher: defaults and checks. */
import { type Category, Header, isUuid } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { functionOrNone, knownMembers, wholeNumber } from "../options/checks.ts";
import type { BatcherLimits } from "./batcher.ts";
import { type Compression, type Encoder, encoderOf } from "./compression.ts";
import type { RunLimits } from "./publish-run.ts";

export interface BatchingOptions {
  /** Events of a batch at most. Default 1 000. */
  maxEvents?: number;
  /** Bytes of a batch at most, before it is compressed; a larger event goes alone. Default 1 MiB. */
  maxBytes?: number;
  /** Milliseconds that an event waits for others. Default 5. */
  lingerMs?: number;
  /** Batches under way at most; without `partitionKey` it is one. Default 4. */
  maxInFlight?: number;
  /** Events without a verdict at most; `send` waits for room beyond. Default 20 000. */
  maxPendingEvents?: number;
  /** Bytes of such events at most. Default 64 MiB. */
  maxPendingBytes?: number;
}

export interface PublisherOptions<E = unknown> {
  /**
   * The event type's category. For `business` and `data`, missing `metadata.eid` and `metadata.occurred_at` are filled in. Default:
   * requested once, before the first events are sent; that needs the right to see the event type.
   */
  category?: Category;
  /** If not every event was stored, `incomplete` throws a PublishError and `never` returns the verdicts. Default `incomplete`. */
  throwOn?: "incomplete" | "never";
  /** Limits and back-off of one call. */
  retry?: {
    /** Requests at most, 1 or more; each invalid event of a batch costs one as well. Default 20. */
    attempts?: number;
    /** Milliseconds at most, waits included. Default 90 000. */
    maxElapsedMs?: number;
    /** Milliseconds before the first retry. Default 100. */
    initialDelayMs?: number;
    /** Milliseconds at most before a retry, unless the server asks for more. Default 10 000. */
    maxDelayMs?: number;
  };
  /**
   * Whether events that may be stored are sent again with the same `eid`, which may store them twice. Default true. False: they
   * get the verdict `unknown`, and the events after them `aborted`.
   */
  resendUnknown?: boolean;
  /** Bytes of an event at most, as JSON in UTF-8; larger events are rejected before they are sent. Default 999 000, as the server's. */
  maxEventBytes?: number;
  /**
   * Compression of request bodies of 1 000 characters or more. `zstd` needs Node 22.15 or the package `@hpcc-js/wasm-zstd`.
   * Default `none`.
   */
  compression?: Compression;
  /** How `send` makes batches. */
  batching?: BatchingOptions;
  /**
   * The value that selects the event's partition, e.g. of the event type's `partition_key_fields`. `send` keeps the order of events
   * with the same key and sends batches of different keys concurrently; `undefined` for an event without an order. Default: all
   * events keep their order.
   */
  partitionKey?: (event: E) => string | undefined;
  /**
   * The id of the only subscription that receives the events; other subscriptions and streams without a subscription skip them. The
   * server does not check that it exists (protocol 4.9). Default: every subscription receives them.
   */
  consumerSubscriptionId?: string;
}

export interface PublisherSettings<E = unknown> {
  category: Category | undefined;
  throws: boolean;
  run: RunLimits;
  maxEventBytes: number;
  encode: Encoder;
  batching: BatcherLimits;
  partitionKey: (event: E) => string | undefined;
  /** Headers of each request with events. */
  headers: Readonly<Record<string, string>>;
}

const CATEGORIES: readonly Category[] = ["undefined", "business", "data"];
const THROW_ON = ["incomplete", "never"];
const NAMES: readonly (keyof PublisherOptions)[] = [
  "category",
  "throwOn",
  "retry",
  "resendUnknown",
  "maxEventBytes",
  "compression",
  "batching",
  "partitionKey",
  "consumerSubscriptionId",
];
const MEBIBYTE = 1024 * 1024;
const RETRY_NAMES = ["attempts", "maxElapsedMs", "initialDelayMs", "maxDelayMs"];

/** @throws {ConfigError} */
export function publisherSettings<E>(options: PublisherOptions<E>): PublisherSettings<E> {
  knownMembers("options", options, NAMES);
  const { category, throwOn = "incomplete", retry = {}, resendUnknown = true } = options;
  if (category !== undefined && !CATEGORIES.includes(category))
    throw new ConfigError("options.category", CATEGORIES.join(", "));
  if (!THROW_ON.includes(throwOn)) throw new ConfigError("options.throwOn", THROW_ON.join(" or "));
  if (typeof resendUnknown !== "boolean") throw new ConfigError("options.resendUnknown", "true or false");
  knownMembers("options.retry", retry, RETRY_NAMES);
  const initialDelayMs = wholeNumber("options.retry.initialDelayMs", retry.initialDelayMs, { min: 1 }, 100);
  const maxDelayMs = wholeNumber(
    "options.retry.maxDelayMs",
    retry.maxDelayMs,
    { min: initialDelayMs },
    Math.max(10_000, initialDelayMs),
  );
  return {
    category,
    throws: throwOn === "incomplete",
    run: {
      attempts: wholeNumber("options.retry.attempts", retry.attempts, { min: 1 }, 20),
      maxElapsedMs: wholeNumber("options.retry.maxElapsedMs", retry.maxElapsedMs, { min: 1 }, 90_000),
      initialDelayMs,
      maxDelayMs,
      resendUnknown,
    },
    maxEventBytes: wholeNumber("options.maxEventBytes", options.maxEventBytes, { min: 1 }, 999_000),
    encode: encoderOf(options.compression ?? "none"),
    batching: batcherLimits(options.batching ?? {}),
    partitionKey: functionOrNone("options.partitionKey", options.partitionKey) ?? (() => ""),
    headers: consumerTag(options.consumerSubscriptionId),
  };
}

function consumerTag(subscriptionId: string | undefined): Record<string, string> {
  if (subscriptionId === undefined) return {};
  if (typeof subscriptionId !== "string" || !isUuid(subscriptionId))
    throw new ConfigError("options.consumerSubscriptionId", "the id of a subscription, a UUID");
  return { [Header.consumerTag]: `consumer_subscription_id=${subscriptionId}` };
}

const BATCHING_NAMES: readonly (keyof BatchingOptions)[] = [
  "maxEvents",
  "maxBytes",
  "lingerMs",
  "maxInFlight",
  "maxPendingEvents",
  "maxPendingBytes",
];

function batcherLimits(batching: BatchingOptions): BatcherLimits {
  knownMembers("options.batching", batching, BATCHING_NAMES);
  const limit = (name: keyof BatchingOptions, min: number, fallback: number): number =>
    wholeNumber(`options.batching.${name}`, batching[name], { min }, fallback);
  return {
    maxEvents: limit("maxEvents", 1, 1_000),
    maxBytes: limit("maxBytes", 1, MEBIBYTE),
    lingerMs: limit("lingerMs", 0, 5),
    maxInFlight: limit("maxInFlight", 1, 4),
    maxPendingEvents: limit("maxPendingEvents", 1, 20_000),
    maxPendingBytes: limit("maxPendingBytes", 1, 64 * MEBIBYTE),
  };
}
