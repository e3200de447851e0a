/**
 * What happens to each event of a batch between the scan and the append: it is validated, gets a partition, and is
 * enriched.
 * @pure
 */
import type { Clock } from "nakadi-protocol";
import type { Access } from "../authorization/authorizer.ts";
import type { EventValidator } from "../event-types/schema/event-validator.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import type { Steps } from "./batch.ts";
import { compactionKey } from "./compaction-key.ts";
import { enricher } from "./enrich.ts";
import { partitioner } from "./partition.ts";
import { validationFault } from "./validate.ts";

export interface PublishingContext {
  /** The flow id of events whose metadata has none. */
  flowId: string;
  /** The permissions of the producer. */
  access: Access;
  /** Id of the only subscription that receives the events; absent: all do. */
  consumerTag?: string | undefined;
}

export function publishingSteps(
  { eventType, partitions }: StoredEventType,
  { validator, version }: { validator: EventValidator; version: string },
  { limits, clock, random }: { limits: Limits; clock: Clock; random: () => number },
  { flowId, access, consumerTag }: PublishingContext,
): Steps {
  const { category, cleanup_policy, partition_strategy: strategy, partition_key_fields: keyFields } = eventType;
  const rules = { validator, category, maxEventBytes: limits.maxEventBytes };
  const enrich = enricher({
    eventType: eventType.name,
    version,
    publishedBy: access.subject,
    receivedAt: new Date(clock.wallMs()).toISOString(),
    flowId,
  });
  return {
    validate: (item) => validationFault(item, rules),
    partition: partitioner({ strategy, keyFields, category, partitions, random }),
    record: (item, partition) => ({
      value: category === "undefined" ? item.bytes : enrich(item, partition),
      ...(cleanup_policy !== "delete" && { key: compactionKey(item.value) ?? "" }),
      ...(consumerTag !== undefined && { consumerTag }),
    }),
  };
}
