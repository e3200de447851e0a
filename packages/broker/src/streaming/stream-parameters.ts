/**
 * The parameters of a subscription stream: from a query or a body, checked and in the units of the core (protocol 3.1).
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import { INT32, INT64, Members } from "../request-body.ts";
import type { SessionSettings } from "./parameters.ts";

export interface SubscriptionStreamRequest {
  settings: SessionSettings;
  /** In the order of the request, duplicates included. */
  partitions: readonly { eventType: string; partition: string }[];
}

/**
 * @param values the query's parameters as texts, or a JSON body
 * @param random 0 up to 1; a stream without a timeout of its own gets one by chance, so that not all reconnect at once
 * @throws {ProblemError} 400 for a value of the wrong type, 422 for one out of bounds
 */
export function subscriptionStreamRequest(
  values: unknown,
  limits: Limits,
  random: () => number,
): SubscriptionStreamRequest {
  const members = Members.of(values);
  // All are read before any is checked: what cannot be read is a 400, whatever else is wrong.
  const batchLimit = members.integer("batch_limit", INT32) ?? limits.defaultBatchLimit;
  const streamLimit = members.integer("stream_limit", INT64) ?? 0;
  const flushTimeout = members.integer("batch_flush_timeout", INT32);
  const timespan = members.integer("batch_timespan", INT64) ?? 0;
  const streamTimeout = members.integer("stream_timeout", INT64);
  const keepAliveLimit = members.integer("stream_keep_alive_limit", INT32) ?? 0;
  const maxUncommitted = members.integer("max_uncommitted_events", INT32) ?? limits.defaultMaxUncommittedEvents;
  const commitTimeout = members.integer("commit_timeout", INT64) ?? 0;
  const partitions = (members.objects("partitions") ?? []).map((one) => ({
    eventType: one.requiredText("event_type"),
    partition: one.requiredText("partition"),
  }));
  const settings: SessionSettings = {
    batchLimit: demandBatchLimit(batchLimit),
    streamLimit: streamLimit === 0 ? Number.POSITIVE_INFINITY : streamLimit,
    flushMs: flushSeconds(flushTimeout, limits) * 1_000,
    timespanMs: Math.max(0, timespan) * 1_000,
    timeoutMs: streamSeconds(streamTimeout, limits, random) * 1_000,
    keepAliveLimit: keepAliveLimit === 0 ? Number.POSITIVE_INFINITY : keepAliveLimit,
    maxUncommitted,
    commitTimeoutMs: commitSeconds(commitTimeout, limits) * 1_000,
  };
  members.demandValid();
  return { settings, partitions };
}

export function demandBatchLimit(batchLimit: number): number {
  if (batchLimit < 1) throw new ProblemError(422, "batch_limit can't be lower than 1");
  return batchLimit;
}

/** 0 and less mean the default: a real server would flood keep-alives then. */
export function flushSeconds(
  wanted: number | undefined,
  { defaultBatchFlushTimeoutSeconds }: Pick<Limits, "defaultBatchFlushTimeoutSeconds">,
): number {
  return wanted === undefined || wanted <= 0 ? defaultBatchFlushTimeoutSeconds : wanted;
}

/** Outside 1..max: the default up to the maximum, by chance. */
export function streamSeconds(
  wanted: number | undefined,
  { maxStreamTimeoutSeconds: max, defaultStreamTimeoutSeconds }: Limits,
  random: () => number,
): number {
  if (wanted !== undefined && wanted > 0 && wanted <= max) return wanted;
  const least = Math.min(defaultStreamTimeoutSeconds, max);
  return least + Math.floor(random() * (max - least));
}

function commitSeconds(wanted: number, { maxCommitTimeoutSeconds: max }: Limits): number {
  if (wanted > max) throw new ProblemError(422, `commit_timeout can not be more than ${max}`);
  if (wanted < 0) throw new ProblemError(422, "commit_timeout can not be less than 0");
  return wanted === 0 ? max : wanted;
}

/** @throws {ProblemError} 422 for duplicates and for partitions that are not the subscription's */
export function requestedPartitions(
  partitions: SubscriptionStreamRequest["partitions"],
  topology: ReadonlySet<PartitionKey>,
): PartitionKey[] {
  const keys = partitions.map(({ eventType, partition }) => `${eventType}:${partition}` as PartitionKey);
  if (new Set(keys).size < keys.length) throw new ProblemError(422, "Duplicated partition specified");
  const foreign = partitions.filter((_, index) => !topology.has(keys[index] ?? ":-1"));
  if (foreign.length === 0) return keys;
  const names = foreign.map((one) => `EventTypePartition{eventType='${one.eventType}', partition='${one.partition}'}`);
  throw new ProblemError(
    422,
    `Wrong partitions specified - some partitions don't belong to subscription: ${names.join(", ")}`,
  );
}
