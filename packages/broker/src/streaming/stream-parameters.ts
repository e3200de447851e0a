/**
 * The parameters of a stream: one table with the name of each on the wire, its range, its default and its setting
 * (protocol 3.1, 5.10).
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import type { Limits } from "../limits.ts";
import { partitionText } from "../positions/partition-key.ts";
import { ProblemError } from "../problems.ts";
import { INT32, INT64, type IntegerRange, Members } from "../request-body.ts";

/** The settings of one stream, in events and milliseconds, with every default filled in. */
export interface StreamSettings {
  batchLimit: number;
  /** Events after which the stream ends; infinite = never. */
  streamLimit: number;
  flushMs: number;
  /** Event time that one batch may span; 0 = off. */
  timespanMs: number;
  timeoutMs: number;
  /** Consecutive keep-alives on every partition after which the stream ends; infinite = never. */
  keepAliveLimit: number;
  /** Events of all partitions that may be sent and not committed. */
  maxUncommitted: number;
  commitTimeoutMs: number;
}

interface Defaults {
  limits: Limits;
  /** 0 up to 1; a stream that names no timeout gets a random one, so that not all reconnect at once. */
  random: () => number;
}

interface Parameter {
  /** On the wire. */
  name: string;
  /** Of the values that can be read; any other is a 400. */
  range: IntegerRange;
  /** The same for a low-level stream of an event type, which ignores the parameter where this is absent. */
  lowLevelRange?: IntegerRange;
  /** @throws {ProblemError} 422 for a value out of bounds */
  setting: (value: number | undefined, defaults: Defaults) => number;
}

/** In the order in which a server reads them, and so refuses them. */
const PARAMETERS: Readonly<Record<keyof StreamSettings, Parameter>> = {
  batchLimit: {
    name: "batch_limit",
    range: INT32,
    lowLevelRange: INT32,
    setting: (value, { limits }) => demandBatchLimit(value ?? limits.defaultBatchLimit),
  },
  streamLimit: { name: "stream_limit", range: INT64, lowLevelRange: INT32, setting: infiniteAtZero },
  flushMs: {
    name: "batch_flush_timeout",
    range: INT32,
    lowLevelRange: INT32,
    setting: (value, { limits }) => flushSeconds(value, limits) * 1_000,
  },
  timespanMs: { name: "batch_timespan", range: INT64, setting: (value = 0) => Math.max(0, value) * 1_000 },
  timeoutMs: {
    name: "stream_timeout",
    range: INT64,
    lowLevelRange: INT32,
    setting: (value, defaults) => streamSeconds(value, defaults) * 1_000,
  },
  keepAliveLimit: { name: "stream_keep_alive_limit", range: INT32, lowLevelRange: INT32, setting: infiniteAtZero },
  maxUncommitted: {
    name: "max_uncommitted_events",
    range: INT32,
    setting: (value, { limits }) => value ?? limits.defaultMaxUncommittedEvents,
  },
  commitTimeoutMs: {
    name: "commit_timeout",
    range: INT64,
    setting: (value, { limits }) => commitSeconds(value, limits) * 1_000,
  },
};

type Values = Readonly<Record<keyof StreamSettings, number | undefined>>;

export interface SubscriptionStreamRequest {
  settings: StreamSettings;
  /** In the order of the request, duplicates included. */
  partitions: readonly { eventType: string; partition: string }[];
}

/**
 * @param values the query's parameters as texts, or a JSON body
 * @param random 0 up to 1
 * @throws {ProblemError} 400 for a value of the wrong type, 422 for one out of bounds
 */
export function subscriptionStreamRequest(
  values: unknown,
  limits: Limits,
  random: () => number,
): SubscriptionStreamRequest {
  const members = Members.of(values);
  // All are read before any is checked: a value that cannot be read is a 400, whatever else is out of bounds.
  const read = readValues(members, ({ range }) => range);
  const partitions = (members.objects("partitions") ?? []).map((one) => ({
    eventType: one.requiredText("event_type"),
    partition: one.requiredText("partition"),
  }));
  const settings = settingsOf(read, { limits, random });
  members.demandValid();
  return { settings, partitions };
}

/**
 * @param query the parameters as texts
 * @param random 0 up to 1
 * @throws {ProblemError} 400 for a value of the wrong type, 422 for one out of bounds
 */
export function eventTypeStreamSettings(query: unknown, limits: Limits, random: () => number): StreamSettings {
  const values = readValues(Members.of(query), ({ lowLevelRange }) => lowLevelRange);
  const { batchLimit = limits.defaultBatchLimit, streamLimit = 0, timeoutMs: timeout = 0, flushMs: flush } = values;
  if (streamLimit !== 0 && streamLimit < batchLimit)
    throw new ProblemError(422, "stream_limit can't be lower than batch_limit");
  if (timeout > 0 && timeout < flushSeconds(flush, limits))
    throw new ProblemError(422, "stream_timeout can't be lower than batch_flush_timeout");
  return settingsOf(values, { limits, random });
}

/** The values as they are sent, in the units of the wire. */
function readValues(members: Members, rangeOf: (parameter: Parameter) => IntegerRange | undefined): Values {
  return mapParameters((_key, parameter) => {
    const range = rangeOf(parameter);
    return range && members.integer(parameter.name, range);
  });
}

function settingsOf(values: Values, defaults: Defaults): StreamSettings {
  return mapParameters((key, { setting }) => setting(values[key], defaults));
}

function mapParameters<T>(
  map: (key: keyof StreamSettings, parameter: Parameter) => T,
): Record<keyof StreamSettings, T> {
  const keys = Object.keys(PARAMETERS) as (keyof StreamSettings)[];
  return Object.fromEntries(keys.map((key) => [key, map(key, PARAMETERS[key])])) as Record<keyof StreamSettings, T>;
}

function demandBatchLimit(batchLimit: number): number {
  if (batchLimit < 1) throw new ProblemError(422, "batch_limit can't be lower than 1");
  return batchLimit;
}

function infiniteAtZero(value = 0): number {
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}

/** 0 and less mean the default: a real server would flood keep-alives then. */
function flushSeconds(wanted: number | undefined, { defaultBatchFlushTimeoutSeconds }: Limits): number {
  return wanted === undefined || wanted <= 0 ? defaultBatchFlushTimeoutSeconds : wanted;
}

/** Outside 1..max: a random one from the default up to the maximum. */
function streamSeconds(wanted: number | undefined, { limits, random }: Defaults): number {
  const { maxStreamTimeoutSeconds: max, defaultStreamTimeoutSeconds } = limits;
  if (wanted !== undefined && wanted > 0 && wanted <= max) return wanted;
  const least = Math.min(defaultStreamTimeoutSeconds, max);
  return least + Math.floor(random() * (max - least));
}

function commitSeconds(wanted = 0, { maxCommitTimeoutSeconds: max }: Limits): number {
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
  const names = foreign.map(({ eventType, partition }) => partitionText(eventType, partition));
  throw new ProblemError(
    422,
    `Wrong partitions specified - some partitions don't belong to subscription: ${names.join(", ")}`,
  );
}
