/**
 * The way of a published batch: scan, validate, partition, enrich, append. Until the last step one bad event refuses
 * them all (protocol 4.1).
 */
import type { BatchItemResponse, Clock } from "nakadi-protocol";
import { noSuchEventType } from "../event-types/catalogue.ts";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { EventValidator } from "../event-types/event-validator.ts";
import { isObject } from "../event-types/json-schema.ts";
import type { JsonObject } from "../event-types/json-schema.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import { NoSuchLogError } from "../storage/ports.ts";
import type { LogPort, NewRecord } from "../storage/ports.ts";
import { appendAll } from "./append.ts";
import type { AppendFailures } from "./append.ts";
import { enricher } from "./enrich.ts";
import { eidOf, partlyStoredItems, refusedItems } from "./item-responses.ts";
import type { Failure } from "./item-responses.ts";
import { partitioner } from "./partition.ts";
import { scanBody } from "./scan.ts";
import type { PublishedItem } from "./scan.ts";
import { validationFault } from "./validate.ts";

export interface PublishingParts {
  eventTypes: EventTypes;
  log: LogPort;
  limits: Limits;
  clock: Clock;
  /** 0 up to 1. */
  random: () => number;
}

export interface PublishingContext {
  /** For events that name none. */
  flowId: string;
  /** Who publishes. */
  subject: string;
}

/** 422: nothing is stored. 207: the events that are `submitted` are stored. */
export type PublishOutcome = { status: 200 } | { status: 422 | 207; items: BatchItemResponse[] };

/**
 * Stores the events of `body`, a JSON array of objects in UTF-8.
 * @throws {ProblemError} 400 if it is anything else, 404 if there is no such event type
 */
export async function publish(
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  const { eventTypes, log, limits } = parts;
  const stored = await eventTypes.find(name);
  const validator = stored && (await eventTypes.validator(stored));
  // Parsed events may be 20 times as large as the body: nothing is awaited while they are alive.
  const items = scanBody(body, limits.maxEventDepth);
  if (!stored) throw noSuchEventType(name);
  if (!validator) throw new ProblemError(404, `No json_schema found for event type: ${name}`);
  const batch = prepare(items, stored, validator, parts, context);
  if ("status" in batch) return batch;
  if (batch.records.length === 0) return { status: 200 };
  const failures = await append(log, stored, batch, signal);
  if (failures.size === 0) return { status: 200 };
  return {
    status: 207,
    items: partlyStoredItems(batch.eids, batch.partitions, (partition) => failures.get(partition)),
  };
}

/** What is stored; one entry an event in each list. */
interface Batch {
  eids: readonly string[];
  partitions: readonly number[];
  records: readonly NewRecord[];
}

function prepare(
  items: readonly PublishedItem[],
  { eventType, partitions: partitionCount }: StoredEventType,
  validator: EventValidator,
  { limits, clock, random }: PublishingParts,
  { flowId, subject }: PublishingContext,
): Batch | (PublishOutcome & { status: 422 }) {
  const { category, cleanup_policy } = eventType;
  const eids = items.map(({ value }) => eidOf(value));
  const partitions: number[] = [];
  const refuse = (step: Failure["step"], index: number, detail: string): PublishOutcome & { status: 422 } => ({
    status: 422,
    items: refusedItems(eids, { step, index, detail }, partitions),
  });

  const rules = { validator, category, maxEventBytes: limits.maxEventBytes };
  for (const [index, item] of items.entries()) {
    const fault = validationFault(item, rules);
    if (fault !== undefined) return refuse("validating", index, fault);
  }

  const { partition_strategy: strategy, partition_key_fields: keyFields } = eventType;
  const partitionOf = partitioner({
    strategy,
    keyFields,
    category,
    partitions: partitionCount,
    random,
  });
  for (const [index, item] of items.entries()) {
    const partition = partitionOf(item);
    if (typeof partition === "string") return refuse("partitioning", index, partition);
    partitions.push(partition);
  }

  const enrich = enricher({
    eventType: eventType.name,
    version: eventType.schema.version,
    publishedBy: subject,
    receivedAt: new Date(clock.wallMs()).toISOString(),
    flowId,
  });
  const compacted = cleanup_policy !== "delete";
  const records = items.map((item, index) => ({
    value: category === "undefined" ? item.bytes : enrich(item, partitions[index] as number),
    ...(compacted && { key: compactionKey(item.value) }),
  }));
  return { eids, partitions, records };
}

/** The schema of metadata demands it. */
function compactionKey({ metadata }: JsonObject): string {
  return isObject(metadata) ? String(metadata["partition_compaction_key"]) : "";
}

async function append(
  log: LogPort,
  stored: StoredEventType,
  batch: Batch,
  signal: AbortSignal,
): Promise<AppendFailures> {
  const { eventType, timelines } = stored;
  const current = timelines.at(-1);
  try {
    if (current) return await appendAll(log, current.log, batch.records, batch.partitions, signal);
  } catch (error) {
    if (!(error instanceof NoSuchLogError)) throw error;
  }
  // Deleted since the request began.
  throw noSuchEventType(eventType.name);
}
