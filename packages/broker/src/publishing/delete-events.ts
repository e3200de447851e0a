/**
 * `deleted-events`: each item becomes a tombstone for its key (protocol 4.8). Items are scanned and partitioned like events,
 * but not validated against the schema.
 */
import { type Access, eventTypeResource } from "../authorization/authorizer.ts";
import { noSuchEventType } from "../event-types/catalogue.ts";
import { isObject } from "../event-types/schema/json-schema.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";
import type { BegunWrite } from "../timelines/writers.ts";
import { ProblemError } from "../problems.ts";
import { appendBatch } from "./append.ts";
import type { PublishOutcome } from "./append.ts";
import { Batch } from "./batch.ts";
import { compactionKey } from "./compaction-key.ts";
import { untouchedItems } from "./item-responses.ts";
import { partitioner } from "./partition.ts";
import type { PublishingParts } from "./publish.ts";
import { scanInTurns } from "./scan.ts";
import type { PublishingContext } from "./steps.ts";
import { sizeFault } from "./validate.ts";

/**
 * Stores a tombstone for each item of `body`.
 * @throws {ProblemError} like `publish`, and 400 for an item without a key
 */
export async function deleteEvents(
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  { access }: Pick<PublishingContext, "access">,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  return parts.writers.write(name, (begun) => storeTombstones(begun, parts, name, body, access, signal));
}

async function storeTombstones(
  { stored, at, stay }: BegunWrite,
  { log, limits, clock, random, blacklist }: PublishingParts,
  name: string,
  body: Uint8Array,
  access: Access,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  await blacklist.demandProducer(access.subject, name, at);
  const { category, cleanup_policy, partition_strategy, partition_key_fields } = stored?.eventType ?? UNKNOWN;
  let keyFault: string | undefined;
  const batch = new Batch({
    validate: (item) => sizeFault(item, limits.maxEventBytes),
    partition: partitioner({
      strategy: partition_strategy,
      keyFields: partition_key_fields,
      category,
      partitions: stored?.partitions ?? 1,
      random,
    }),
    record: ({ value }) => {
      const key = compactionKey(value);
      if (key === undefined) keyFault ??= missingKey(value);
      return { value: null, key: key ?? "" };
    },
  });
  await scanInTurns(body, limits, (item) => batch.addEvent(item));
  if (!stored) throw noSuchEventType(name);
  await access.demand("WRITE", eventTypeResource(stored.eventType));
  if (cleanup_policy === "delete") return { status: 422, items: untouchedItems(batch.eids) };
  if (keyFault !== undefined && !batch.refusal()) {
    throw new ProblemError(400, `Error occurred when parsing event(s). ${keyFault}`);
  }
  return appendBatch({ log, clock, timeoutMs: limits.publishTimeoutMs, signal, stay }, stored, batch, body);
}

/** Stands in for an event type that does not exist: faults of the body outweigh the 404. */
const UNKNOWN = {
  category: "undefined",
  cleanup_policy: "compact",
  partition_strategy: "random",
  partition_key_fields: [],
} as const;

function missingKey({ metadata }: JsonObject): string {
  if (metadata === undefined) return 'JSONObject["metadata"] not found.';
  if (!isObject(metadata)) return 'JSONObject["metadata"] is not a JSONObject.';
  return `JSONObject["partition_compaction_key"] ${Object.hasOwn(metadata, "partition_compaction_key") ? "not a string" : "not found"}.`;
}
