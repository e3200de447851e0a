/**
 * Makes an event type from a request: all rules in the server's order, then the defaults (protocol 5.1, 5.2.1).
 * @pure
 */
import { demandNoDuplicates } from "../authorization/section.ts";
import type { Limits } from "../limits.ts";
import type { EventTypeRequest } from "./event-type-request.ts";
import {
  checkCleanupPolicy,
  checkEnrichment,
  checkOwnerSelector,
  checkPartitionStrategy,
  checkRetention,
} from "./event-type-rules.ts";
import type { JsonObject } from "./schema/json-schema.ts";
import { FIRST_VERSION } from "./compatibility/schema-evolution.ts";
import { checkSchema } from "./schema/schema-rules.ts";
import type { CompleteEventType } from "./stored-event-type.ts";

export interface NewEventType {
  eventType: CompleteEventType;
  partitions: number;
  /** The schema that validates events; `undefined` for Avro. */
  effectiveSchema: JsonObject | undefined;
}

/** @throws {ProblemError} 422 */
export function newEventType(request: EventTypeRequest, limits: Limits, nowMs: number): NewEventType {
  checkRetention(request.options.retention_time, limits);
  const effective = checkSchema(request, limits);
  checkCleanupPolicy(request);
  checkEnrichment(request);
  const partition_strategy = checkPartitionStrategy(request);
  demandNoDuplicates(request.authorization);
  checkOwnerSelector(request);
  const now = new Date(nowMs).toISOString();
  return {
    eventType: {
      name: request.name,
      owning_application: request.owning_application,
      category: request.category,
      enrichment_strategies: request.enrichment_strategies,
      partition_strategy,
      partition_key_fields: request.partition_key_fields,
      cleanup_policy: request.cleanup_policy,
      ordering_key_fields: request.ordering_key_fields,
      ordering_instance_ids: request.ordering_instance_ids,
      schema: {
        type: request.schema.type,
        schema: request.schema.schema,
        version: FIRST_VERSION,
        created_at: now,
      },
      default_statistic: request.default_statistic,
      options: { retention_time: request.options.retention_time ?? limits.defaultRetentionMs },
      authorization: request.authorization,
      annotations: request.annotations ?? {},
      labels: request.labels ?? {},
      compatibility_mode: request.compatibility_mode,
      ...(request.audience && { audience: request.audience }),
      ...(request.event_owner_selector && { event_owner_selector: request.event_owner_selector }),
      updated_at: now,
      created_at: now,
    },
    partitions: partitionCount(request, limits),
    effectiveSchema: effective,
  };
}

/** More partitions than the limit are silently capped (protocol 5.1.3). */
function partitionCount(
  { default_statistic: statistic }: EventTypeRequest,
  { defaultPartitions, maxPartitions }: Limits,
): number {
  return statistic === null
    ? defaultPartitions
    : Math.min(Math.max(statistic.read_parallelism, statistic.write_parallelism), maxPartitions);
}
