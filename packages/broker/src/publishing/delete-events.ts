/**
 * `deleted-events`: each item becomes a tombstone for its key (protocol 4.8). Items are read and partitioned as events are,
 * and not held against any schema.
 */
import { type Access, eventTypeResource } from "../authorization/authorizer.ts";
import { noSuchEventType } from "../event-types/catalogue.ts";
import { isObject } from "../event-types/json-schema.ts";
import type { JsonObject } from "../event-types/json-schema.ts";
import type { BegunWrite } from "../log/writers.ts";
import { ProblemError } from "../problems.ts";
import { appendBatch } from "./append.ts";
import type { PublishOutcome } from "./append.ts";
import { Batch } from "./batch.ts";
import { compactionKey } from "./compaction-key.ts";
import { untouchedItems } from "./item-responses.ts";
import { partitioner } from "./partition.ts";
import { demandUnblocked, scanAll } from "./publish.ts";
import type { PublishingContext, PublishingParts } from "./publish.ts";
import { sizeFault } from "./validate.ts";

/**
 * Stores a tombstone for each item of `body`.
 * @throws {ProblemError} as `publish` does; 400 if an item has no key
 */
export async function deleteEvents(
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  { access }: Pick<PublishingContext, "access">,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  return parts.writers.write(name, (begun) => deleteFrom(begun, parts, name, body, access, signal));
}

async function deleteFrom(
  { stored, at, stay }: BegunWrite,
  { log, limits, clock, random, blacklist }: PublishingParts,
  name: string,
  body: Uint8Array,
  access: Access,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  await demandUnblocked({ blacklist }, name, access, at);
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
  await scanAll(body, limits, (item) => batch.add(item));
  if (!stored) throw noSuchEventType(name);
  await access.demand("WRITE", eventTypeResource(stored.eventType));
  if (cleanup_policy === "delete") return { status: 422, items: untouchedItems(batch.eids) };
  if (keyFault !== undefined && !batch.refusal()) {
    throw new ProblemError(400, `Error occurred when parsing event(s). ${keyFault}`);
  }
  return appendBatch({ log, clock, timeoutMs: limits.publishTimeoutMs, signal, stay }, stored, batch, body);
}

/** The body is read before it is told that there is no such event type. */
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
