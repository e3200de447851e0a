/**
 * The changes that a PUT may make to an event type, checked in the server's order (protocol 5.2.4).
 * @pure
 */
import { demandNoDuplicates } from "../authorization/section.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { EventTypeRequest } from "./event-type-request.ts";
import { checkCleanupPolicy, checkOwnerSelector, checkPartitionStrategy } from "./event-type-rules.ts";
import { canonicalJson } from "./schema/json-schema.ts";
import type { JsonObject } from "./schema/json-schema.ts";
import { checkSchema } from "./schema/schema-rules.ts";
import { evolvedVersion } from "./compatibility/schema-evolution.ts";
import type { CompleteEventType } from "./stored-event-type.ts";

export interface UpdateRights {
  /** Whether the caller administers the server. */
  nakadiAdmin: boolean;
  /** Whether the caller administers this event type. */
  eventTypeAdmin: boolean;
}

export interface UpdatedEventType {
  eventType: CompleteEventType;
  /** The schema that validates events; `undefined` for Avro. */
  effectiveSchema: JsonObject | undefined;
}

/**
 * The event type after the update. Absent optional members have their defaults, except that annotations, labels, options and
 * default_statistic keep their values.
 * @param name the name in the path
 * @throws {ProblemError} 422
 */
export function updatedEventType(
  before: CompleteEventType,
  request: EventTypeRequest,
  { name, rights, limits, nowMs }: { name: string; rights: UpdateRights; limits: Limits; nowMs: number },
): UpdatedEventType {
  checkOwnerSelector(request);
  if (before.authorization && !request.authorization) {
    refuse("Changing authorization object to `null` is not possible due to existing one");
  }
  demandNoDuplicates(request.authorization);
  if (request.name !== name) refuse("path does not match resource name");
  checkCleanupChange(before, request);
  const effectiveSchema = checkSchema(request, limits);
  if (before.audience && !request.audience) refuse("event audience must not be set back to null");
  const partition_strategy = checkPartitionStrategy(request);
  checkEvolution(before, request, rights);
  const now = new Date(nowMs).toISOString();
  const version = evolvedVersion(before, request);
  checkStatistic(before, request);
  return {
    eventType: {
      name,
      owning_application: request.owning_application,
      category: request.category,
      enrichment_strategies: request.enrichment_strategies,
      partition_strategy,
      partition_key_fields: request.partition_key_fields,
      cleanup_policy: request.cleanup_policy,
      ordering_key_fields: request.ordering_key_fields,
      ordering_instance_ids: request.ordering_instance_ids,
      schema: version === before.schema.version ? before.schema : { ...request.schema, version, created_at: now },
      default_statistic: request.default_statistic ?? before.default_statistic,
      options: { retention_time: request.options.retention_time ?? before.options.retention_time },
      authorization: request.authorization,
      annotations: request.annotations ?? before.annotations,
      labels: request.labels ?? before.labels,
      compatibility_mode: request.compatibility_mode,
      ...(request.audience && { audience: request.audience }),
      ...(request.event_owner_selector && { event_owner_selector: request.event_owner_selector }),
      updated_at: now,
      created_at: before.created_at,
    },
    effectiveSchema,
  };
}

/**
 * Only administrators of the server may change or remove an existing owner selector.
 * @throws {ProblemError} 422
 */
export function checkOwnerSelectorUnchanged(
  { event_owner_selector: before }: CompleteEventType,
  { event_owner_selector: asked }: EventTypeRequest,
): void {
  if (!before) return;
  if (!asked) refuse("event_owner_selector can't be set back to null");
  if (canonicalJson(before) !== canonicalJson(asked)) refuse("event_owner_selector must not be changed");
}

function checkCleanupChange({ cleanup_policy: before }: CompleteEventType, request: EventTypeRequest): void {
  checkCleanupPolicy(request);
  const asked = request.cleanup_policy;
  if (asked === before || (before === "delete" && asked === "compact_and_delete")) return;
  refuse(`Invalid cleanup_policy change: ${before.toUpperCase()} cannot be changed to ${asked.toUpperCase()}`);
}

/** Modes from lax to strict; a change may go one step stricter. */
const MODE_CHANGES: Readonly<Record<CompleteEventType["compatibility_mode"], readonly string[]>> = {
  compatible: ["compatible"],
  forward: ["forward", "compatible"],
  none: ["none", "forward"],
};

function checkEvolution(before: CompleteEventType, request: EventTypeRequest, rights: UpdateRights): void {
  const faults: string[] = [];
  if (before.partition_strategy !== "random" && request.partition_strategy !== before.partition_strategy) {
    if (!rights.nakadiAdmin)
      faults.push("changing partition_strategy is only allowed if the original strategy was 'random'");
  }
  if (!MODE_CHANGES[before.compatibility_mode].includes(request.compatibility_mode)) {
    if (!rights.nakadiAdmin && !rights.eventTypeAdmin) faults.push("changing compatibility_mode is not allowed");
  }
  if (before.category !== request.category) {
    if (faults.length === 0 && becomesBusiness(before, request)) return;
    refuse(
      "Category change is allowed only from 'undefined' to 'business'. " +
        "'enrichment_strategies' should be properly set as well",
    );
  }
  if (before.enrichment_strategies.join() !== request.enrichment_strategies.join()) {
    faults.push("changing enrichment_strategies is not allowed");
  }
  if (faults.length > 0) refuse(faults.join("; "));
}

function becomesBusiness(before: CompleteEventType, request: EventTypeRequest): boolean {
  return (
    before.category === "undefined" &&
    request.category === "business" &&
    request.enrichment_strategies.length > 0 &&
    request.compatibility_mode !== "compatible"
  );
}

/** Partitions are added by an endpoint of their own (protocol 5.7.3). */
function checkStatistic({ default_statistic: before }: CompleteEventType, request: EventTypeRequest): void {
  const asked = request.default_statistic;
  if (asked === null) return;
  const same =
    asked.read_parallelism === before?.read_parallelism && asked.write_parallelism === before.write_parallelism;
  if (!same) refuse("default statistics must not be changed");
}

function refuse(detail: string): never {
  throw new ProblemError(422, detail);
}
