/**
 * What a PUT may change of an event type, checked in the server's order (protocol 5.2.4).
 * @pure
 */
import { demandNoDuplicates } from "../authorization/section.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { EventTypeRequest } from "./event-type-request.ts";
import { checkCleanupPolicy, checkOwnerSelector, checkPartitionStrategy } from "./event-type-rules.ts";
import { canonicalJson } from "./json-schema.ts";
import type { JsonObject } from "./json-schema.ts";
import { checkSchema } from "./schema-rules.ts";
import { evolvedVersion } from "./schema-evolution.ts";
import type { CompleteEventType } from "./stored-event-type.ts";

export interface UpdateRights {
  /** Administers the server. */
  nakadiAdmin: boolean;
  /** Administers this event type. */
  eventTypeAdmin: boolean;
}

export interface UpdatedEventType {
  eventType: CompleteEventType;
  /** What its events will be held against; nothing for Avro. */
  effectiveSchema: JsonObject | undefined;
}

/**
 * The event type after the update. Optional members that are absent count with their defaults, except for those that keep
 * their values: annotations, labels, options, default_statistic.
 * @param name that the path says
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
 * Only administrators of the server may change or remove it once it is there.
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

/** Stricter ones a step at a time. */
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

/** The number of partitions has an endpoint of its own (protocol 5.7.3). */
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
