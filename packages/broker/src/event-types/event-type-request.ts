/**
 * A request that describes an event type: its members, their defaults and the rules of single members (protocol 5.1.2).
 * @pure
 */
import { MAX_EVENT_TYPE_NAME_LENGTH } from "nakadi-protocol";
import type { EventOwnerSelector } from "nakadi-protocol";
import { readAuthorization } from "../authorization/section.ts";
import { ProblemError } from "../problems.ts";
import { INT32, Members } from "../request-body.ts";
import { annotationViolations, labelViolations } from "./annotations.ts";
import { retentionBytesViolations } from "./retention-bytes.ts";
import type { CompleteEventType } from "./stored-event-type.ts";

/** The requested values. Null where the server distinguishes absent from null, or fills in a limit. */
export interface EventTypeRequest extends Omit<
  CompleteEventType,
  "partition_strategy" | "schema" | "options" | "annotations" | "labels" | "created_at" | "updated_at"
> {
  /** Any string, checked later; null if it was null. */
  partition_strategy: string | null;
  schema: { type: "json_schema" | "avro_schema"; schema: string };
  options: { retention_time: number | null };
  annotations: Record<string, string> | null;
  labels: Record<string, string> | null;
}

/** Matches one part between dots: an expression for the whole name overflows the stack with millions of parts. */
const [FIRST_PART, PART] = [/^[a-zA-Z][-0-9a-zA-Z_]*$/, /^[0-9a-zA-Z][-0-9a-zA-Z_]*$/];
const CATEGORIES = ["undefined", "data", "business"] as const;
const STRATEGIES = ["metadata_enrichment"] as const;
const CLEANUP_POLICIES = ["compact", "delete", "compact_and_delete"] as const;
const COMPATIBILITY_MODES = ["compatible", "forward", "none"] as const;
const SCHEMA_TYPES = ["json_schema", "avro_schema"] as const;
const SELECTOR_TYPES = ["path", "static", "metadata"] as const;
const AUDIENCES = [
  "component-internal",
  "business-unit-internal",
  "company-internal",
  "external-partner",
  "external-public",
] as const;

/**
 * Reads a body. Absent members have their defaults; unknown ones are ignored.
 * @throws {ProblemError} 400 for a wrong JSON type or a value outside an enumeration
 * @throws {ValidationError} with all violations
 */
export function readEventTypeRequest(body: unknown): EventTypeRequest {
  const members = Members.of(body);
  const audience = exactly(members.text("audience"), AUDIENCES);
  const selector = ownerSelector(members);
  const request: EventTypeRequest = {
    name: name(members),
    owning_application: members.requiredText("owning_application"),
    category: required(members, "category", CATEGORIES, undefined),
    enrichment_strategies: enrichmentStrategies(members),
    partition_strategy: members.has("partition_strategy") ? members.text("partition_strategy") : "random",
    partition_key_fields: members.texts("partition_key_fields") ?? [],
    cleanup_policy: required(members, "cleanup_policy", CLEANUP_POLICIES, "delete"),
    ordering_key_fields: members.texts("ordering_key_fields") ?? [],
    ordering_instance_ids: members.texts("ordering_instance_ids") ?? [],
    schema: schema(members),
    default_statistic: defaultStatistic(members),
    options: {
      retention_time: isNull(members, "options") ? null : retentionTime(members.object("options")),
    },
    authorization: readAuthorization(members, ["admins", "readers", "writers"]),
    annotations: members.textMap("annotations"),
    labels: members.textMap("labels"),
    compatibility_mode: required(members, "compatibility_mode", COMPATIBILITY_MODES, "forward"),
    ...(audience && { audience }),
    ...(selector && { event_owner_selector: selector }),
  };
  for (const { field, message } of annotationViolations(request.annotations ?? {})) members.violate(field, message);
  for (const { field, message } of retentionBytesViolations(request.annotations ?? {})) members.violate(field, message);
  for (const { field, message } of labelViolations(request.labels ?? {})) members.violate(field, message);
  members.demandValid();
  return request;
}

function name(members: Members): string {
  const text = members.text("name");
  if (text === null) members.violate("name", "must not be null");
  else {
    if (!text.split(".").every((part, at) => (at === 0 ? FIRST_PART : PART).test(part)))
      members.violate("name", "format not allowed");
    if (text === "" || text.length > MAX_EVENT_TYPE_NAME_LENGTH) {
      members.violate("name", `the length of the name must be >= 1 and <= ${MAX_EVENT_TYPE_NAME_LENGTH}`);
    }
  }
  return text ?? "";
}

function enrichmentStrategies(members: Members): "metadata_enrichment"[] {
  if (!members.has("enrichment_strategies")) return [];
  const list = members.texts("enrichment_strategies");
  if (list === null) members.violate("enrichment_strategies", "must not be null");
  return (list ?? []).map((text) => inAnyCase(text, STRATEGIES));
}

function schema(members: Members): EventTypeRequest["schema"] {
  if (isNull(members, "schema")) {
    members.violate("schema", "must not be null");
    return { type: "json_schema", schema: "" };
  }
  return readSchema(members.object("schema"));
}

/** The schema of a request; violations are added to `members`. */
export function readSchema(members: Members): EventTypeRequest["schema"] {
  return {
    type: required(members, "type", SCHEMA_TYPES, undefined),
    schema: members.requiredText("schema"),
  };
}

const STATISTICS = [
  { name: "messages_per_minute", least: 0, message: "can't be less then zero" },
  { name: "message_size", least: 1, message: "can't be less then 1" },
  { name: "read_parallelism", least: 1, message: "at least one reader expected" },
  { name: "write_parallelism", least: 1, message: "at least one writer expected" },
] as const;

function defaultStatistic(members: Members): CompleteEventType["default_statistic"] {
  if (isNull(members, "default_statistic")) return null;
  const statistic = members.object("default_statistic");
  const read = {
    messages_per_minute: 0,
    message_size: 0,
    read_parallelism: 0,
    write_parallelism: 0,
  };
  for (const { name, least, message } of STATISTICS) {
    const value = statistic.integer(name, INT32);
    if (value === undefined) statistic.violate(name, "must not be null");
    else if (value < least) statistic.violate(name, message);
    read[name] = value ?? 0;
  }
  return read;
}

const SAFE = [BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)] as const;

function retentionTime(options: Members): number | null {
  return options.integer("retention_time", SAFE) ?? null;
}

function ownerSelector(members: Members): EventOwnerSelector | undefined {
  if (isNull(members, "event_owner_selector")) return undefined;
  const selector = members.object("event_owner_selector");
  return {
    type: required(selector, "type", SELECTOR_TYPES, undefined),
    name: selector.requiredText("name"),
    value: selector.text("value"),
  };
}

function isNull(members: Members, name: string): boolean {
  return (members.raw(name) ?? null) === null;
}

/** A member of an enumeration; null is a violation, and so is absence without a default. */
function required<T extends string>(
  members: Members,
  name: string,
  values: readonly [T, ...T[]],
  absent: T | undefined,
): T {
  if (absent !== undefined && !members.has(name)) return absent;
  const text = members.text(name);
  if (text !== null) return inAnyCase(text, values);
  members.violate(name, "must not be null");
  return values[0];
}

function inAnyCase<T extends string>(text: string, values: readonly T[]): T {
  return values.find((value) => value === text.toLowerCase()) ?? refuse(text, values);
}

function exactly<T extends string>(text: string | null, values: readonly T[]): T | undefined {
  return text === null ? undefined : (values.find((value) => value === text) ?? refuse(text, values));
}

function refuse(text: string, values: readonly string[]): never {
  throw new ProblemError(400, `Illegal enum value: '${text}'. Possible values: [${values.join(", ")}]`);
}
