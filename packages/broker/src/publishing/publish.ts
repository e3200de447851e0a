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
import type { Writers } from "../log/writers.ts";
import { NoSuchLogError } from "../storage/ports.ts";
import type { LogPort } from "../storage/ports.ts";
import { appendAll, ownBytes } from "./append.ts";
import type { AppendFailures } from "./append.ts";
import { Batch } from "./batch.ts";
import { enricher } from "./enrich.ts";
import { partlyStoredItems } from "./item-responses.ts";
import { partitioner } from "./partition.ts";
import { scanBody } from "./scan.ts";
import { validationFault } from "./validate.ts";

export interface PublishingParts {
  eventTypes: EventTypes;
  writers: Writers;
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
 * @throws {ProblemError} 400 if it is anything else, 404 if there is no such event type, 413 if there are too many, 503
 *   while its timeline is being switched for too long
 */
export async function publish(
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  return parts.writers.write(name, (stored) => publishTo(stored, parts, name, body, context, signal));
}

async function publishTo(
  stored: StoredEventType | undefined,
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  const { eventTypes, log, limits } = parts;
  const validator = stored && (await eventTypes.validator(stored));
  const batch = stored && validator && batchOf(stored, validator, parts, context);
  let bytes = 0;
  // What cannot be read is told before anything else.
  for (const item of scanBody(body, limits)) {
    batch?.add(item);
    bytes += item.sentBytes;
    if (bytes < BYTES_AT_A_TIME) continue;
    bytes = 0;
    await breathe();
  }
  if (!stored) throw noSuchEventType(name);
  if (!batch) throw new ProblemError(404, `No json_schema found for event type: ${name}`);
  const items = batch.refusal();
  if (items) return { status: 422, items };
  if (batch.records.length === 0) return { status: 200 };
  const failures = await append(log, stored, batch, body, signal);
  if (failures.size === 0) return { status: 200 };
  return {
    status: 207,
    items: partlyStoredItems(batch.eids, batch.partitions, (partition) => failures.get(partition)),
  };
}

/** A large batch lets others have their turn: so much takes some 10 ms. */
const BYTES_AT_A_TIME = 1_000_000;

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function batchOf(
  { eventType, partitions }: StoredEventType,
  validator: EventValidator,
  { limits, clock, random }: PublishingParts,
  { flowId, subject }: PublishingContext,
): Batch {
  const { category, cleanup_policy, partition_strategy: strategy, partition_key_fields: keyFields } = eventType;
  const rules = { validator, category, maxEventBytes: limits.maxEventBytes };
  const enrich = enricher({
    eventType: eventType.name,
    version: eventType.schema.version,
    publishedBy: subject,
    receivedAt: new Date(clock.wallMs()).toISOString(),
    flowId,
  });
  return new Batch({
    validate: (item) => validationFault(item, rules),
    partition: partitioner({ strategy, keyFields, category, partitions, random }),
    record: (item, partition) => ({
      value: category === "undefined" ? item.bytes : enrich(item, partition),
      ...(cleanup_policy !== "delete" && { key: compactionKey(item.value) }),
    }),
  });
}

/** The schema of metadata demands it. */
function compactionKey({ metadata }: JsonObject): string {
  return isObject(metadata) ? String(metadata["partition_compaction_key"]) : "";
}

async function append(
  log: LogPort,
  { eventType, timelines }: StoredEventType,
  { records, partitions }: Batch,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<AppendFailures> {
  const current = timelines.at(-1);
  try {
    if (current) return await appendAll(log, current.log, ownBytes(records, body), partitions, signal);
  } catch (error) {
    if (!(error instanceof NoSuchLogError)) throw error;
  }
  // Deleted since the request began.
  throw noSuchEventType(eventType.name);
}
