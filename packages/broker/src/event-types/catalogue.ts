/**
 * Event types: create, find, list, delete (protocol 5.2). The order of writes to metadata and log lets a crash in between
 * leave an orphaned log, never an event type without a log.
 */
import type { Clock } from "nakadi-protocol";
import { eachRecord } from "nakadi-storage";
import type { LogPort, MetadataPort, Versioned } from "nakadi-storage";
import { type Access, eventTypeResource } from "../authorization/authorizer.ts";
import type { Limits } from "../limits.ts";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import type { Features } from "../settings/features.ts";
import { Storages } from "../settings/storages.ts";
import { effectiveSchema } from "./schema/effective-schema.ts";
import { demandAvroSchema } from "./schema/avro-schema.ts";
import { readEventTypeRequest } from "./event-type-request.ts";
import { EventValidators, SchemaCompileError } from "./schema/event-validator.ts";
import type { EventValidator } from "./schema/event-validator.ts";
import type { JsonObject } from "./schema/json-schema.ts";
import { newEventType } from "./new-event-type.ts";
import { loadPatterns } from "./schema/pattern.ts";
import { schemaAddition, SchemaHistory } from "./schema/schema-history.ts";
import { logPolicy, OWN_STORAGE } from "./stored-event-type.ts";
import type { CompleteEventType, StoredEventType } from "./stored-event-type.ts";
import { parseStrictly } from "./schema/strict-json.ts";
import { systemEventTypes } from "./system-event-types.ts";

export interface EventTypesInput {
  metadata: MetadataPort;
  snapshots: Snapshots;
  log: LogPort;
  features: Features;
  limits: Limits;
  clock: Clock;
  uuid: () => string;
}

export interface EventTypeFilter {
  owningApplication?: string | undefined;
  /** `<data_type>:<value>` of a writer. */
  writer?: string | undefined;
}

/** The kind of the metadata records. */
export const EVENT_TYPE_KIND = "event-type";

export class EventTypes {
  readonly #metadata: MetadataPort;
  readonly #log: LogPort;
  readonly #features: Features;
  readonly #limits: Limits;
  readonly #storages: Storages;
  readonly #clock: Clock;
  readonly #uuid: () => string;
  readonly #snapshots: Snapshots;
  readonly #validators = new EventValidators();
  readonly #effectiveSchemas = new WeakMap<StoredEventType, { text: string; version: string }>();
  /** All versions of the schemas. */
  readonly schemas: SchemaHistory;

  constructor({ metadata, snapshots, log, features, limits, clock, uuid }: EventTypesInput) {
    this.#metadata = metadata;
    this.#snapshots = snapshots;
    this.#storages = new Storages(metadata, snapshots);
    this.schemas = new SchemaHistory(metadata);
    this.#features = features;
    this.#log = log;
    this.#limits = limits;
    this.#clock = clock;
    this.#uuid = uuid;
  }

  /**
   * Creates the event type that `body`, parsed JSON, describes.
   * @throws {ProblemError} 400, 409, 422; 501 and 503 if a feature forbids it
   * @throws {ValidationError}
   */
  async create(body: unknown): Promise<StoredEventType> {
    const at = await this.#snapshots.take();
    if (await this.#features.isEnabled("disable_event_type_creation", at)) {
      throw new ProblemError(501, "Event Type creation is disabled");
    }
    const request = readEventTypeRequest(body);
    await this.#features.demandWritable(at);
    await loadPatterns();
    const {
      eventType,
      partitions,
      effectiveSchema: effective,
    } = newEventType(request, this.#limits, this.#clock.wallMs());
    await this.#features.demandAuthorization("force_event_type_authz", request.authorization, at);
    if (effective) await this.demandCompiles(effective);
    else await demandAvroSchema(request.schema.schema);
    if (await this.find(eventType.name, at)) throw alreadyExists(eventType.name);
    const stored = await this.#store(eventType, partitions, at);
    if (!stored) throw alreadyExists(eventType.name);
    return stored;
  }

  /** Creates the missing system event types. Their schemas are known to compile, so no library is loaded. */
  async createSystemEventTypes(): Promise<void> {
    const anyRetention = { minRetentionMs: 1, maxRetentionMs: Number.MAX_SAFE_INTEGER };
    const limits = { ...this.#limits, ...anyRetention, defaultPartitions: 1 };
    await Promise.all(
      systemEventTypes().map(async (definition) => {
        const at = await this.#snapshots.take();
        if (await this.find(definition.name, at)) return;
        const request = readEventTypeRequest(definition);
        const { eventType, partitions } = newEventType(request, limits, this.#clock.wallMs());
        await this.#store(eventType, partitions, at);
      }),
    );
  }

  /** Whether a timeline was requested for the storage. */
  async usesStorage(storage: string): Promise<boolean> {
    for await (const { value } of eachRecord<StoredEventType>(this.#metadata, EVENT_TYPE_KIND))
      if (value.timelines.some((timeline) => timeline.storage === storage)) return true;
    return false;
  }

  /** @returns `undefined` if the name is taken */
  async #store(eventType: CompleteEventType, partitions: number, at: Snapshot): Promise<StoredEventType | undefined> {
    const log = this.#uuid();
    const storage = await this.#storages.defaultId(at);
    const stored: StoredEventType = {
      eventType,
      partitions,
      schemaVersions: [eventType.schema.version],
      timelines: [
        {
          order: 1,
          log,
          createdAt: eventType.created_at,
          lastNumbers: null,
          ...(storage !== OWN_STORAGE && { storage }),
        },
      ],
    };
    await this.#log.create(log, partitions, logPolicy(eventType));
    const record = { kind: EVENT_TYPE_KIND, id: eventType.name, expect: "absent", value: stored } as const;
    const outcome = await this.#metadata.write([record, schemaAddition(stored)]);
    if (outcome === "written") return stored;
    await this.#log.remove(log);
    return undefined;
  }

  /** @throws {ProblemError} 404 */
  async get(name: string, at?: Snapshot): Promise<StoredEventType> {
    const found = await this.find(name, at);
    if (!found) throw noSuchEventType(name);
    return found;
  }

  /** As of the last write acknowledged before `at` was taken, by default before the call. */
  async find(name: string, at?: Snapshot): Promise<StoredEventType | undefined> {
    return (await (at ?? (await this.#snapshots.take())).record<StoredEventType>(EVENT_TYPE_KIND, name))?.value;
  }

  /**
   * The stored record with its version, for compare-and-set. Never from a cache: after a conflict, a stale cache would
   * return the same version without end.
   */
  async findRecord(name: string): Promise<Versioned<StoredEventType> | undefined> {
    return this.#metadata.get<StoredEventType>(EVENT_TYPE_KIND, name);
  }

  /** @throws {ProblemError} 404 */
  async record(name: string): Promise<Versioned<StoredEventType>> {
    const found = await this.findRecord(name);
    if (!found) throw noSuchEventType(name);
    return found;
  }

  /**
   * Stores the result of `next`, and calls it again after a conflict.
   * @throws {ProblemError} 404; errors of `next`
   */
  async change(name: string, next: (stored: StoredEventType) => StoredEventType): Promise<StoredEventType> {
    for (;;) {
      const found = await this.record(name);
      const value = next(found.value);
      const outcome = await this.#metadata.write([{ kind: EVENT_TYPE_KIND, id: name, expect: found.version, value }]);
      if (outcome === "written") return value;
    }
  }

  /**
   * Sorted by name.
   * @throws {ProblemError} 400 if `writer` is not an attribute
   */
  async list({ owningApplication, writer }: EventTypeFilter = {}): Promise<CompleteEventType[]> {
    const isWriter = writer === undefined ? undefined : writerTest(writer);
    const listed: CompleteEventType[] = [];
    for await (const { value } of eachRecord<StoredEventType>(this.#metadata, EVENT_TYPE_KIND)) {
      const { eventType } = value;
      if (owningApplication !== undefined && eventType.owning_application !== owningApplication) continue;
      if (isWriter === undefined || isWriter(eventType)) listed.push(eventType);
    }
    return listed;
  }

  /**
   * Deletes the event type and its events. The record is removed first, so that a crash leaves only orphaned logs.
   * @param isSubscribed whether a subscription needs the event type
   * @throws {ProblemError} 403, 404, 409, 503
   */
  async delete(
    name: string,
    isSubscribed: (name: string) => Promise<boolean>,
    access: Access,
  ): Promise<CompleteEventType> {
    const at = await this.#snapshots.take();
    await this.#features.demandWritable(at);
    for (;;) {
      const found = await this.record(name);
      const resource = eventTypeResource(found.value.eventType);
      if (await this.#features.isEnabled("disable_event_type_deletion", at))
        await access.demandAdmin("Event Type deletion is disabled");
      await access.demand("VIEW", resource);
      await access.demand("ADMIN", resource);
      if (await isSubscribed(name))
        throw new ProblemError(409, `Can't remove event type ${name}, as it has subscriptions`);
      const removal = { kind: EVENT_TYPE_KIND, id: name, expect: found.version, remove: true } as const;
      if ((await this.#metadata.write([removal, ...(await this.schemas.removals(name))])) === "conflict") continue;
      await Promise.all(found.value.timelines.map(({ log }) => this.#log.remove(log)));
      return found.value.eventType;
    }
  }

  /** The validator of the latest JSON schema; `undefined` if the event type never had one. */
  async validation(stored: StoredEventType): Promise<{ validator: EventValidator; version: string } | undefined> {
    let effective = this.#effectiveSchemas.get(stored);
    if (effective === undefined) {
      const latest = await this.schemas.latestJson(stored);
      if (!latest) return undefined;
      const schema = parseStrictly(latest.schema, { maxDepth: Infinity }) as JsonObject;
      effective = { text: JSON.stringify(effectiveSchema(schema, stored.eventType)), version: latest.version };
      this.#effectiveSchemas.set(stored, effective);
    }
    return { validator: await this.#validators.of(effective.text), version: effective.version };
  }

  /** @throws {ProblemError} 422 */
  async demandCompiles(effective: JsonObject): Promise<void> {
    try {
      await this.#validators.of(JSON.stringify(effective));
    } catch (error) {
      if (!(error instanceof SchemaCompileError)) throw error;
      throw new ProblemError(422, `schema must be a valid json-schema: ${error.message}`);
    }
  }
}

function writerTest(writer: string): (eventType: CompleteEventType) => boolean {
  const [data_type, ...rest] = writer.split(":");
  if (!data_type || rest.length !== 1) throw new ProblemError(400, "writer should have format <data_type>:<value>");
  return ({ authorization }) =>
    authorization?.writers.some((attribute) => attribute.data_type === data_type && attribute.value === rest[0]) ??
    false;
}

function alreadyExists(name: string): ProblemError {
  return new ProblemError(409, `EventType ${name} already exists.`);
}

export function noSuchEventType(name: string): ProblemError {
  return new ProblemError(404, `EventType "${name}" does not exist.`);
}
