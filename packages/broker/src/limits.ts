/**
 * The broker's limits, with the real server's defaults (protocol 0.7) and our own where it has none.
 * @pure
 */
import { meant } from "nakadi-protocol";

export interface Limits {
  /** Bytes of one event's text, before enrichment. */
  maxEventBytes: number;
  /** Events of one publishing request. */
  maxBatchEvents: number;
  /** Bytes of one request's body, after decompression. */
  maxBodyBytes: number;
  /** Maximum nesting of arrays and objects in an event. */
  maxEventDepth: number;
  /** UTF-16 code units of one schema's text: compiling it blocks the broker for about 5 ms a kilobyte. */
  maxSchemaLength: number;
  /** Partitions of an event type without `default_statistic`. */
  defaultPartitions: number;
  /** Partitions of one event type; more are silently capped on create. */
  maxPartitions: number;
  /** Retention of an event type without `retention_time`. */
  defaultRetentionMs: number;
  minRetentionMs: number;
  maxRetentionMs: number;
  /** Partitions over all event types of one subscription. */
  maxSubscriptionPartitions: number;
  /** Longest and default commit timeout of a stream. */
  maxCommitTimeoutSeconds: number;
  /** Longest life of a stream. */
  maxStreamTimeoutSeconds: number;
  /** A stream without a valid `stream_timeout` lives for a random time from this to the longest. */
  defaultStreamTimeoutSeconds: number;
  /** Of a stream that says nothing about it. */
  defaultBatchFlushTimeoutSeconds: number;
  /** Of a stream that says nothing about it. */
  defaultMaxUncommittedEvents: number;
  /** Of a stream that says nothing about it. */
  defaultBatchLimit: number;
  /** Bytes that one subscription stream has read and not yet sent. */
  maxStreamBufferBytes: number;
  /** The same for one low-level stream. */
  maxLowLevelBufferBytes: number;
  /** Interval at which a stream polls its partitions, because hints of new events may be lost. */
  streamPollMs: number;
  /** Interval at which a stream reports its usage, if that is collected. */
  streamReportMs: number;
  /** Interval at which hidden events are committed for the client. */
  autocommitMs: number;
  /** Longest time of the storage for a batch of events. */
  publishTimeoutMs: number;
  /** Duration of a node's lease; with its end the node's sessions end. */
  nodeLeaseMs: number;
  /** Longest wait of writers for a switch of the timeline, and of the switch for writers. */
  timelineSwitchMs: number;
  /** Longest time for the head of a request, between two bytes of its body, and between two reads of an ended stream. */
  requestTimeoutMs: number;
  /** Longest time for requests in flight when the broker stops. */
  stopDrainMs: number;
}

export interface LimitRule {
  default: number;
  min: number;
  max: number;
  /** The value for Nakadi's acceptance tests; absent: the default. */
  acceptance?: number;
}

const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_INT = 2 ** 31 - 1;
const MAX_TIMER_SECONDS = Math.floor(MAX_TIMER_MS / 1_000);
const GIGABYTE = 1_000_000_000;
const CENTURY_MS = 3_155_760_000_000;

/** Each limit with its default and its bounds. All are whole numbers. */
export const LIMIT_RULES: Readonly<Record<keyof Limits, LimitRule>> = {
  maxEventBytes: { default: 999_000, min: 1, max: GIGABYTE },
  maxBatchEvents: { default: 500_000, min: 1, max: 10_000_000 },
  maxBodyBytes: { default: 50_000_000, min: 1, max: GIGABYTE },
  maxEventDepth: { default: 1_000, min: 1, max: 1_000_000 },
  maxSchemaLength: { default: 200_000, min: 2, max: 10_000_000 },
  defaultPartitions: { default: 1, min: 1, max: 1_000 },
  maxPartitions: { default: 8, min: 1, max: 1_000 },
  defaultRetentionMs: { default: 172_800_000, min: 1, max: CENTURY_MS },
  minRetentionMs: { default: 10_800_000, min: 1, max: CENTURY_MS },
  maxRetentionMs: { default: 345_600_000, min: 1, max: CENTURY_MS },
  maxSubscriptionPartitions: { default: 100, min: 1, max: 100_000, acceptance: 30 },
  maxCommitTimeoutSeconds: { default: 60, min: 1, max: 86_400, acceptance: 5 },
  maxStreamTimeoutSeconds: { default: 4_200, min: 1, max: MAX_TIMER_SECONDS },
  defaultStreamTimeoutSeconds: { default: 3_000, min: 1, max: MAX_TIMER_SECONDS },
  defaultBatchFlushTimeoutSeconds: { default: 30, min: 1, max: 86_400 },
  defaultMaxUncommittedEvents: { default: 10, min: 1, max: MAX_INT },
  defaultBatchLimit: { default: 1, min: 1, max: MAX_INT },
  maxStreamBufferBytes: { default: 50_000_000, min: 1, max: GIGABYTE },
  maxLowLevelBufferBytes: { default: 50_000_000, min: 1, max: GIGABYTE, acceptance: 10_000 },
  streamPollMs: { default: 5_000, min: 10, max: 60_000 },
  streamReportMs: { default: 60_000, min: 10, max: 3_600_000, acceptance: 1_000 },
  autocommitMs: { default: 5_000, min: 10, max: 3_600_000 },
  publishTimeoutMs: { default: 35_000, min: 100, max: MAX_TIMER_MS },
  nodeLeaseMs: { default: 10_000, min: 100, max: 60_000 },
  timelineSwitchMs: { default: 40_000, min: 100, max: MAX_TIMER_MS },
  requestTimeoutMs: { default: 60_000, min: 100, max: MAX_TIMER_MS },
  stopDrainMs: { default: 5_000, min: 0, max: MAX_TIMER_MS },
};

/** A set of limits under one name. `acceptance`: what Nakadi's own acceptance tests assume (protocol 0.7). */
export type Profile = "default" | "acceptance";

export const PROFILES: Readonly<Record<Profile, Limits>> = {
  default: limitsBy((rule) => rule.default),
  acceptance: limitsBy((rule) => rule.acceptance ?? rule.default),
};

export const DEFAULT_LIMITS: Limits = PROFILES.default;

function limitsBy(value: (rule: LimitRule) => number): Limits {
  const entries = Object.entries(LIMIT_RULES).map(([name, rule]) => [name, value(rule)]);
  return Object.fromEntries(entries);
}

/** Pairs of which the first must not be larger than the second. */
const ORDER: readonly (readonly [keyof Limits, keyof Limits])[] = [
  ["minRetentionMs", "defaultRetentionMs"],
  ["defaultRetentionMs", "maxRetentionMs"],
  ["defaultPartitions", "maxPartitions"],
];

/** The first fault in the values of limits, alone or together with the others; `undefined` without one. */
export function limitFault(wanted: Readonly<Record<string, unknown>>, base: Limits): string | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    const names = Object.keys(LIMIT_RULES);
    if (!names.includes(name))
      return `limits.${name} is not a limit${meant(name, names) || `; there are: ${names.join(", ")}`}`;
    const { min, max } = LIMIT_RULES[name as keyof Limits];
    if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
      return `limits.${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value) ?? String(value)}`;
    }
  }
  const all = { ...base, ...wanted };
  const broken = ORDER.find(([less, more]) => all[less] > all[more] && (less in wanted || more in wanted));
  if (broken === undefined) return undefined;
  const [less, more] = broken;
  return `limits.${less} (${all[less]}) must not be more than limits.${more} (${all[more]})`;
}
