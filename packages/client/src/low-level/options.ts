/**
 * Options of a stream without a subscription (protocol 5.10).
 * @pure
 */
import type { StreamParameters } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { functionOrNone, knownMembers, optionalWholeNumber, text } from "../options/checks.ts";
import {
  READING_NAMES,
  type ReadingOptions,
  type ReadingSettings,
  readingSettings,
} from "../stream/reading-options.ts";
import { type CursorStore, memoryCursorStore } from "./cursor-store.ts";
import { checkedPosition, type LogPosition } from "./log-position.ts";

/** A position that the log no longer holds, or does not hold yet, and what was taken instead. */
export interface ExpiredCursor {
  readonly partition: string;
  readonly offset: string;
  readonly replacement: string;
}

/** How far a stream with an end has come, in offsets over all partitions. */
export interface ReadingProgress {
  readonly total: number;
  readonly remaining: number;
}

export interface EventTypeStreamOptions extends ReadingOptions {
  /** Where reading begins if the store knows no position. Default `end`. */
  from?: LogPosition;
  /**
   * Where reading ends: as soon as each partition has come so far, the stream closes. Batches that reach beyond it are delivered
   * whole. `end` is the end at the time of opening. Default: it never ends.
   */
  until?: LogPosition;
  /** Partitions to read. Default: all, those that are added later as well. */
  partitions?: readonly string[];
  /** Where `commit` keeps positions, and where reading goes on the next time. Default: nowhere beyond this stream. */
  store?: CursorStore;
  /**
   * What happens with positions that the log does not hold: `fail` ends the stream with an error of code CURSOR_EXPIRED, `oldest`
   * goes on with the oldest event that is there, `newest` with those to come. Default `fail`.
   */
  expired?: "fail" | "oldest" | "newest";
  /** Events in a batch at most, 1 or more. Default 1. */
  batchLimit?: number;
  /** Seconds after which the server sends a batch even if it is not full, 1 or more. Default 30; 1 for streams with an end. */
  batchFlushTimeoutSeconds?: number;
  /** Events after which the server ends the stream, `batchLimit` or more; a new one follows. Default: no limit. */
  streamLimit?: number;
  /** Seconds that one stream lives, the flush timeout to 4200; a new one follows. Default: the server picks about an hour. */
  streamTimeoutSeconds?: number;
  /** Keep-alives in a row on every partition after which the server ends the stream; a new one follows. Default: no limit. */
  streamKeepAliveLimit?: number;
  /** Called for each position that was replaced. What lies between is lost. */
  onExpired?: (cursor: ExpiredCursor) => void;
  /** Called about once a second while a stream with an end is read, and when it is there. */
  onProgress?: (progress: ReadingProgress) => void;
}

export interface EventTypeStreamSettings extends ReadingSettings {
  parameters: Pick<
    StreamParameters,
    "batch_limit" | "batch_flush_timeout" | "stream_limit" | "stream_timeout" | "stream_keep_alive_limit"
  >;
  from: LogPosition;
  until: LogPosition | undefined;
  partitions: readonly string[] | undefined;
  store: CursorStore;
  expired: "fail" | "oldest" | "newest";
  onExpired: EventTypeStreamOptions["onExpired"];
  onProgress: EventTypeStreamOptions["onProgress"];
}

const NAMES: readonly (keyof EventTypeStreamOptions)[] = [
  "from",
  "until",
  "partitions",
  "store",
  "expired",
  "batchLimit",
  "batchFlushTimeoutSeconds",
  "streamLimit",
  "streamTimeoutSeconds",
  "streamKeepAliveLimit",
  "onExpired",
  "onProgress",
  ...READING_NAMES,
];

const DEFAULT_FLUSH_SECONDS = 30;
const MAX_STREAM_TIMEOUT_SECONDS = 4_200;
const MAX_INT = 2 ** 31 - 1;

/** @throws {ConfigError} */
export function eventTypeStreamSettings(options: EventTypeStreamOptions): EventTypeStreamSettings {
  knownMembers("options", options, NAMES);
  const { from = "end", until, expired = "fail", store = memoryCursorStore() } = options;
  const count = (name: keyof EventTypeStreamOptions, min: number, max = MAX_INT): number | undefined =>
    optionalWholeNumber(`options.${name}`, options[name], { min, max });
  if (!["fail", "oldest", "newest"].includes(expired)) {
    throw new ConfigError("options.expired", '"fail", "oldest" or "newest"');
  }
  if (typeof store?.load !== "function" || typeof store.save !== "function") {
    throw new ConfigError("options.store", "an object with load and save");
  }
  const batchLimit = count("batchLimit", 1);
  const flush = count("batchFlushTimeoutSeconds", 1) ?? (until === undefined ? undefined : 1);
  const flushSeconds = flush ?? DEFAULT_FLUSH_SECONDS;
  const parameters = {
    batch_limit: batchLimit,
    batch_flush_timeout: flush,
    stream_limit: count("streamLimit", batchLimit ?? 1),
    stream_timeout: count("streamTimeoutSeconds", flushSeconds, MAX_STREAM_TIMEOUT_SECONDS),
    stream_keep_alive_limit: count("streamKeepAliveLimit", 1),
  };
  return {
    ...readingSettings(options, 3 * flushSeconds * 1_000),
    parameters: Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)),
    from: checkedPosition("options.from", from),
    until: until === undefined ? undefined : checkedPosition("options.until", until),
    partitions: options.partitions && checkedPartitions(options.partitions),
    store,
    expired,
    onExpired: functionOrNone("options.onExpired", options.onExpired),
    onProgress: functionOrNone("options.onProgress", options.onProgress),
  };
}

function checkedPartitions(partitions: unknown): readonly string[] {
  if (!Array.isArray(partitions) || partitions.length === 0) {
    throw new ConfigError("options.partitions", "an array of partitions that is not empty");
  }
  return [...new Set(Array.from(partitions, (one: unknown, index) => text(`options.partitions[${index}]`, one)))];
}
