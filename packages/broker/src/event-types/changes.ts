/**
 * Changes event types and their schemas (protocol 5.2.4, 5.5). The record is replaced by compare-and-set; then the policy
 * of its logs follows.
 */
import type { Clock, CompatibilityMode } from "nakadi-protocol";
import type { LogPort, MetadataPort, Versioned } from "nakadi-storage";
import { type Access, eventTypeResource } from "../authorization/authorizer.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { Features } from "../settings/features.ts";
import { EVENT_TYPE_KIND } from "./catalogue.ts";
import type { EventTypes } from "./catalogue.ts";
import { demandAvroEvolution, demandAvroSchema } from "./schema/avro-schema.ts";
import { readEventTypeRequest } from "./event-type-request.ts";
import type { EventTypeRequest } from "./event-type-request.ts";
import { checkRetention } from "./event-type-rules.ts";
import { checkOwnerSelectorUnchanged, updatedEventType } from "./event-type-update.ts";
import type { UpdatedEventType } from "./event-type-update.ts";
import { applyLogPolicy } from "./log-policy.ts";
import { evolvedVersion } from "./compatibility/schema-evolution.ts";
import type { Evolving } from "./compatibility/schema-evolution.ts";
import { loadPatterns } from "./schema/pattern.ts";
import { schemaAddition } from "./schema/schema-history.ts";
import { checkSchema } from "./schema/schema-rules.ts";
import type { CompleteEventType, StoredEventType } from "./stored-event-type.ts";

export interface EventTypeChangesParts {
  eventTypes: EventTypes;
  metadata: MetadataPort;
  log: LogPort;
  features: Features;
  limits: Limits;
  clock: Clock;
}

export interface EventTypeChange {
  before: CompleteEventType;
  after: CompleteEventType;
}

/** Bounds for administrators of the server. */
const ANY_RETENTION = { minRetentionMs: 1, maxRetentionMs: Number.MAX_SAFE_INTEGER };

export class EventTypeChanges {
  readonly #parts: EventTypeChangesParts;

  constructor(parts: EventTypeChangesParts) {
    this.#parts = parts;
  }

  /**
   * Replaces the event type with the one that `body`, parsed JSON, describes.
   * @throws {ProblemError} 400, 403, 404, 422, 503
   * @throws {ValidationError}
   */
  async update(name: string, body: unknown, access: Access): Promise<EventTypeChange> {
    const request = readEventTypeRequest(body);
    await this.#parts.features.demandWritable();
    await loadPatterns();
    for (;;) {
      const found = await this.#parts.eventTypes.record(name);
      const before = found.value.eventType;
      await this.#parts.features.demandAuthorization("force_event_type_authz", request.authorization);
      await access.demand("VIEW", eventTypeResource(before));
      const nakadiAdmin = await access.isAdmin();
      checkRetention(request.options.retention_time, nakadiAdmin ? ANY_RETENTION : this.#parts.limits);
      if (!nakadiAdmin) {
        await access.demand("ADMIN", eventTypeResource(before));
        checkOwnerSelectorUnchanged(before, request);
      }
      const rights = { nakadiAdmin, eventTypeAdmin: await access.may("ADMIN", eventTypeResource(before)) };
      const updated = updatedEventType(before, request, { name, rights, ...this.#now });
      if (await this.#replace(found, updated)) return { before, after: updated.eventType };
    }
  }

  /**
   * Changes only the schema of the event type (protocol 5.5).
   * @returns `undefined` if it has that schema already
   * @throws {ProblemError} 403, 404, 422
   */
  async changeSchema(
    name: string,
    schema: EventTypeRequest["schema"],
    access: Access,
  ): Promise<EventTypeChange | undefined> {
    await loadPatterns();
    for (;;) {
      const found = await this.#parts.eventTypes.record(name);
      const before = found.value.eventType;
      await access.demand("ADMIN", eventTypeResource(before));
      const rights = { nakadiAdmin: true, eventTypeAdmin: true };
      const updated = updatedEventType(before, { ...before, schema }, { name, rights, ...this.#now });
      if (updated.eventType.schema === before.schema) return undefined;
      if (await this.#replace(found, updated)) return { before, after: updated.eventType };
    }
  }

  /**
   * The error if `text` may not follow the schema of that version under the event type's present rules.
   * @throws {ProblemError} 404; 422 for an invalid schema
   */
  async incompatibility(
    stored: StoredEventType,
    version: string,
    text: string,
  ): Promise<{ version: string; error: string | undefined }> {
    const { eventType } = stored;
    const against = await this.#parts.eventTypes.schemas.version(stored, version);
    const after = { ...eventType, schema: { type: eventType.schema.type, schema: text } };
    await loadPatterns();
    const effective = checkSchema(after, this.#parts.limits);
    if (effective) await this.#parts.eventTypes.demandCompiles(effective);
    else await demandAvroSchema(text);
    try {
      evolvedVersion({ ...eventType, schema: against }, after);
      await demandEvolution(eventType.compatibility_mode, against, after.schema);
      return { version: against.version, error: undefined };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return { version: against.version, error: error.message };
    }
  }

  get #now(): { limits: Limits; nowMs: number } {
    return { limits: this.#parts.limits, nowMs: this.#parts.clock.wallMs() };
  }

  /** @returns false after a conflict with another write */
  async #replace(
    { value: before, version }: Versioned<StoredEventType>,
    { eventType, effectiveSchema }: UpdatedEventType,
  ): Promise<boolean> {
    const { eventTypes, metadata } = this.#parts;
    if (effectiveSchema) await eventTypes.demandCompiles(effectiveSchema);
    else if (eventType.schema !== before.eventType.schema) await demandAvroSchema(eventType.schema.schema);
    await demandEvolution(before.eventType.compatibility_mode, before.eventType.schema, eventType.schema);
    const isNewVersion = eventType.schema !== before.eventType.schema;
    const schemaVersions = isNewVersion ? [...before.schemaVersions, eventType.schema.version] : before.schemaVersions;
    const stored: StoredEventType = { ...before, eventType, schemaVersions };
    const record = { kind: EVENT_TYPE_KIND, id: eventType.name, expect: version, value: stored } as const;
    const writes = isNewVersion ? [record, schemaAddition(stored)] : [record];
    if ((await metadata.write(writes)) === "conflict") return false;
    await applyLogPolicy(this.#parts, stored);
    return true;
  }
}

/** Evolution from Avro to Avro, whose library is loaded on demand. */
async function demandEvolution(
  mode: CompatibilityMode,
  before: Evolving["schema"],
  after: Evolving["schema"],
): Promise<void> {
  if (before.type !== "avro_schema" || after.type !== "avro_schema" || before === after) return;
  await demandAvroEvolution(mode, before.schema, after.schema);
}
