/**
 * Options of a stream: those of go-nakadi with its defaults, and the other parameters of the wire (protocol 3.1).
 * @pure
 */
import type { EventTypePartition, StreamParameters } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { knownMembers, optionalWholeNumber, text, wholeNumber } from "../options/checks.ts";
import { READING_NAMES, type ReadingOptions, type ReadingSettings, readingSettings } from "./reading-options.ts";

export interface StreamOptions extends ReadingOptions {
  /** Events in a batch at most, 1 or more. Default 1. A batch never holds more than `maxUncommittedEvents`. */
  batchLimit?: number;
  /** Seconds after which the server sends a batch even if it is not full, 1 or more. Default 30. */
  batchFlushTimeoutSeconds?: number;
  /** Events that may be delivered and not yet committed, 1 or more. Default 10. */
  maxUncommittedEvents?: number;
  /** Events after which the server ends the stream, once they are committed; a new one follows. Default: no limit. */
  streamLimit?: number;
  /** Seconds that one stream lives, 1..4200; a new one follows. Default: the server picks about an hour. */
  streamTimeoutSeconds?: number;
  /** Keep-alives in a row on every partition after which the server ends the stream. Default: no limit. */
  streamKeepAliveLimit?: number;
  /** Seconds of event time that one batch may span; the server ignores `batchLimit` then. Default: off. */
  batchTimespanSeconds?: number;
  /** Seconds without a commit after which the server takes the stream away, 1..60. Default: the server's, 60. */
  commitTimeoutSeconds?: number;
  /** Read exactly these partitions, which no other stream may have. Default: the server assigns. */
  partitions?: readonly EventTypePartition[];
  /** Whether a commit is retried after a transient failure. Default false; true is `{ maxElapsedMs: 30_000 }`. */
  commitRetry?: boolean | { maxElapsedMs?: number };
}

export interface StreamSettings extends ReadingSettings {
  parameters: StreamParameters;
  /** 0: a commit is not retried. */
  commitMaxElapsedMs: number;
  /** The default of `maxUncommittedEvents` limits batches to less than `batchLimit`. */
  capped: boolean;
  /** Milliseconds without a slot that are not reported. */
  quietSlotMs: number;
}

/** The defaults of the server for parameters that are not sent (protocol 3.1). */
const SERVER = { batchLimit: 1, flushSeconds: 30, maxUncommitted: 10, commitSeconds: 60 };
const MAX_STREAM_TIMEOUT_SECONDS = 4_200;
const MAX_COMMIT_TIMEOUT_SECONDS = 60;
const MAX_INT = 2 ** 31 - 1;
const COMMIT_MAX_ELAPSED_MS = 30_000;

/** The options that are parameters of the wire; a consumer takes them too. */
export const PARAMETER_NAMES: readonly Exclude<keyof StreamOptions, keyof ReadingOptions | "commitRetry">[] = [
  "batchLimit",
  "batchFlushTimeoutSeconds",
  "maxUncommittedEvents",
  "streamLimit",
  "streamTimeoutSeconds",
  "streamKeepAliveLimit",
  "batchTimespanSeconds",
  "commitTimeoutSeconds",
  "partitions",
];

/** @throws {ConfigError} */
export function streamSettings(options: StreamOptions): StreamSettings {
  knownMembers("options", options, [...PARAMETER_NAMES, "commitRetry", ...READING_NAMES]);
  const count = (name: keyof StreamOptions, min: number, max = MAX_INT): number | undefined =>
    optionalWholeNumber(`options.${name}`, options[name], { min, max });
  const batchLimit = count("batchLimit", 1) ?? SERVER.batchLimit;
  const maxUncommitted = count("maxUncommittedEvents", 1);
  if (maxUncommitted !== undefined && batchLimit > maxUncommitted) {
    throw new ConfigError(
      "options.batchLimit",
      `maxUncommittedEvents, ${maxUncommitted}, or less: a batch never holds more`,
    );
  }
  const flushSeconds = count("batchFlushTimeoutSeconds", 1) ?? SERVER.flushSeconds;
  const commitSeconds = count("commitTimeoutSeconds", 1, MAX_COMMIT_TIMEOUT_SECONDS);
  const commitMs = (commitSeconds ?? SERVER.commitSeconds) * 1_000;
  return {
    parameters: {
      ...unlessServers("batch_limit", batchLimit, SERVER.batchLimit),
      ...unlessServers("batch_flush_timeout", flushSeconds, SERVER.flushSeconds),
      ...unlessServers("max_uncommitted_events", maxUncommitted, SERVER.maxUncommitted),
      ...unlessServers("stream_limit", count("streamLimit", 1, Number.MAX_SAFE_INTEGER)),
      ...unlessServers("stream_timeout", count("streamTimeoutSeconds", 1, MAX_STREAM_TIMEOUT_SECONDS)),
      ...unlessServers("stream_keep_alive_limit", count("streamKeepAliveLimit", 1)),
      ...unlessServers("batch_timespan", count("batchTimespanSeconds", 1)),
      ...unlessServers("commit_timeout", commitSeconds, SERVER.commitSeconds),
      ...(options.partitions === undefined ? {} : { partitions: checkedPartitions(options.partitions) }),
    },
    ...readingSettings(options, Math.max(3 * flushSeconds * 1_000, 2 * commitMs)),
    commitMaxElapsedMs: commitMaxElapsedMs(options.commitRetry ?? false),
    capped: maxUncommitted === undefined && batchLimit > SERVER.maxUncommitted,
    quietSlotMs: flushSeconds * 1_000 + commitMs,
  };
}

function unlessServers<N extends keyof StreamParameters>(
  name: N,
  value: number | undefined,
  servers?: number,
): { [K in N]?: number } {
  return (value === undefined || value === servers ? {} : { [name]: value }) as { [K in N]?: number };
}

function commitMaxElapsedMs(commitRetry: NonNullable<StreamOptions["commitRetry"]>): number {
  if (typeof commitRetry === "boolean") return commitRetry ? COMMIT_MAX_ELAPSED_MS : 0;
  knownMembers("options.commitRetry", commitRetry, ["maxElapsedMs"]);
  return wholeNumber("options.commitRetry.maxElapsedMs", commitRetry.maxElapsedMs, { min: 1 }, COMMIT_MAX_ELAPSED_MS);
}

function checkedPartitions(partitions: unknown): EventTypePartition[] {
  if (!Array.isArray(partitions) || partitions.length === 0) {
    throw new ConfigError("options.partitions", "an array of { event_type, partition } that is not empty");
  }
  const checked = Array.from(partitions, (one: Partial<EventTypePartition> | null, index) => ({
    event_type: text(`options.partitions[${index}].event_type`, one?.event_type),
    partition: text(`options.partitions[${index}].partition`, one?.partition),
  }));
  const keys = checked.map(({ event_type, partition }) => `${event_type}:${partition}`);
  if (new Set(keys).size < keys.length) throw new ConfigError("options.partitions", "without duplicates");
  return checked;
}
