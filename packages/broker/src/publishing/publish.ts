/**
 * The way of a published batch: scan, validate, partition, enrich, append. Until the last step one bad event refuses
 * them all (protocol 4.1).
 */
import type { Clock } from "nakadi-protocol";
import type { LogPort } from "nakadi-storage";
import { type Access, eventTypeResource } from "../authorization/authorizer.ts";
import { noSuchEventType } from "../event-types/catalogue.ts";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { EventValidator } from "../event-types/event-validator.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { BegunWrite, Writers } from "../log/writers.ts";
import type { Snapshot } from "../metadata-snapshot.ts";
import type { Blacklist } from "../settings/blacklist.ts";
import type { Features } from "../settings/features.ts";
import { appendBatch } from "./append.ts";
import type { PublishOutcome } from "./append.ts";
import { Batch } from "./batch.ts";
import { compactionKey } from "./compaction-key.ts";
import { enricher } from "./enrich.ts";
import { refusedItems } from "./item-responses.ts";
import { Owners } from "./ownership.ts";
import { partitioner } from "./partition.ts";
import { scanBody } from "./scan.ts";
import type { PublishedItem } from "./scan.ts";
import { validationFault } from "./validate.ts";

export interface PublishingParts {
  eventTypes: EventTypes;
  writers: Writers;
  blacklist: Blacklist;
  features: Features;
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
  access: Access;
  /** The only subscription that may see the events. */
  consumerTag?: string | undefined;
}

/**
 * Stores the events of `body`, a JSON array of objects in UTF-8.
 * @throws {ProblemError} 400 if it is anything else, 403 if the producer is blocked or may not, 404 if there is no such
 *   event type, 413 if there are too many, 503 while its timeline is being switched for too long
 */
export async function publish(
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  return parts.writers.write(name, (begun) => publishTo(begun, parts, name, body, context, signal));
}

async function publishTo(
  { stored, at, stay }: BegunWrite,
  { eventTypes, log, limits, features, ...parts }: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  await demandUnblocked(parts, name, context.access, at);
  const validation = stored && (await eventTypes.validation(stored));
  const batch = validation && batchOf(stored, validation, { ...parts, limits }, context);
  const owners = stored && (await ownersOf(stored, features, at));
  await scanAll(body, limits, (item) => {
    owners?.take(item);
    batch?.add(item);
  });
  if (!stored) throw noSuchEventType(name);
  await context.access.demand("WRITE", eventTypeResource(stored.eventType));
  if (!batch) throw new ProblemError(404, `No json_schema found for event type: ${name}`);
  const denied = await owners?.denied(context.access);
  if (denied) return { status: 422, items: refusedItems(batch.eids, denied, []) };
  const terms = { log, clock: parts.clock, timeoutMs: limits.publishTimeoutMs, signal, stay };
  return appendBatch(terms, stored, batch, body);
}

/** Nothing where owners do not matter. */
async function ownersOf({ eventType }: StoredEventType, features: Features, at: Snapshot): Promise<Owners | undefined> {
  const { event_owner_selector: selector } = eventType;
  if (!selector || !(await features.isEnabled("event_owner_selector_authz", at))) return undefined;
  return new Owners(selector);
}

/** @throws {ProblemError} 403 */
export async function demandUnblocked(
  { blacklist }: Pick<PublishingParts, "blacklist">,
  eventType: string,
  { subject }: Access,
  at: Snapshot,
): Promise<void> {
  if (await blacklist.blocksProducer(subject, eventType, at)) {
    throw new ProblemError(403, "Application or event type is blocked");
  }
}

/**
 * What cannot be read is told before anything else, so all of it is read.
 * @throws {ProblemError} 400, 413
 */
export async function scanAll(body: Uint8Array, limits: Limits, take: (item: PublishedItem) => void): Promise<void> {
  let bytes = 0;
  for (const item of scanBody(body, limits)) {
    take(item);
    bytes += item.sentBytes;
    if (bytes < BYTES_AT_A_TIME) continue;
    bytes = 0;
    await breathe();
  }
}

/** A large batch lets others have their turn: so much takes some 10 ms. */
const BYTES_AT_A_TIME = 1_000_000;

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function batchOf(
  { eventType, partitions }: StoredEventType,
  { validator, version }: { validator: EventValidator; version: string },
  { limits, clock, random }: Pick<PublishingParts, "limits" | "clock" | "random">,
  { flowId, access, consumerTag }: PublishingContext,
): Batch {
  const { category, cleanup_policy, partition_strategy: strategy, partition_key_fields: keyFields } = eventType;
  const rules = { validator, category, maxEventBytes: limits.maxEventBytes };
  const enrich = enricher({
    eventType: eventType.name,
    version,
    publishedBy: access.subject,
    receivedAt: new Date(clock.wallMs()).toISOString(),
    flowId,
  });
  return new Batch({
    validate: (item) => validationFault(item, rules),
    partition: partitioner({ strategy, keyFields, category, partitions, random }),
    record: (item, partition) => ({
      value: category === "undefined" ? item.bytes : enrich(item, partition),
      ...(cleanup_policy !== "delete" && { key: compactionKey(item.value) ?? "" }),
      ...(consumerTag !== undefined && { consumerTag }),
    }),
  });
}
