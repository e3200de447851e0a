/** Makers of business events, data change events and tombstones, optionally validated by a schema (protocol 4.4, 4.8). */
import { randomUUID } from "node:crypto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BusinessEvent, DataChangeEvent, DataOperation, EventMetadata, Tombstone } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { text } from "../options/checks.ts";
import { demandValid } from "./event-schema.ts";

/** A missing `eid` or `occurred_at` is set: a new UUID, the current time. */
export type GivenMetadata = Partial<EventMetadata>;

/** @throws {ConfigError} if the payload is not a JSON object, or has a member `metadata`; {InvalidEventError} */
export type BusinessEventMaker<T extends object> = (payload: T, metadata?: GivenMetadata) => BusinessEvent<T>;

/** With a schema, its methods throw {InvalidEventError}. */
export interface DataChangeMaker<T> {
  create(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
  update(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
  /** @param data the last state of the entity */
  delete(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
  /** @param data the current state of the entity, without regard to a change */
  snapshot(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
}

/**
 * Makes events of category `business`: the payload's members and metadata. The `eid` is set once, so it stays the same when the
 * event is sent again.
 * @param schema a synchronous Standard Schema that validates the payload and does not change it. Default: none
 */
export function businessEvents<S extends StandardSchemaV1<object, unknown>>(
  schema: S,
): BusinessEventMaker<StandardSchemaV1.InferInput<S>>;
export function businessEvents<T extends object>(): BusinessEventMaker<T>;
export function businessEvents(schema?: StandardSchemaV1): BusinessEventMaker<object> {
  return (payload, metadata) => {
    if (typeof payload !== "object" || payload === null || Array.isArray(payload))
      throw new ConfigError("payload", "a JSON object");
    if ("metadata" in payload) throw new ConfigError("payload.metadata", "left out: metadata stand beside the payload");
    demandValid("payload", schema, payload);
    return { ...payload, metadata: completed(metadata) };
  };
}

/**
 * Makes events of category `data`.
 * @param dataType the kind of the entity
 * @param schema a synchronous Standard Schema that validates the data and does not change them. Default: none
 * @throws {ConfigError} for an empty `dataType`
 */
export function dataChanges<S extends StandardSchemaV1>(
  dataType: string,
  schema: S,
): DataChangeMaker<StandardSchemaV1.InferInput<S>>;
export function dataChanges<T>(dataType: string): DataChangeMaker<T>;
export function dataChanges(dataType: string, schema?: StandardSchemaV1): DataChangeMaker<unknown> {
  const data_type = text("dataType", dataType);
  const maker =
    (data_op: DataOperation) =>
    (data: unknown, metadata?: GivenMetadata): DataChangeEvent => {
      demandValid("data", schema, data);
      return { metadata: completed(metadata), data_type, data_op, data };
    };
  return { create: maker("C"), update: maker("U"), delete: maker("D"), snapshot: maker("S") };
}

/**
 * A tombstone for `publisher.delete`: it deletes the key.
 * @param members the members that select the partition: the event type's `partition_key_fields`, or `metadata.partition`
 * @throws {ConfigError} for an empty key
 */
export function tombstone(key: string, { metadata, ...members }: TombstoneMembers = {}): Tombstone {
  return { ...members, metadata: { ...metadata, partition_compaction_key: text("key", key) } };
}

export interface TombstoneMembers {
  metadata?: GivenMetadata;
  [member: string]: unknown;
}

function completed(metadata: GivenMetadata = {}): EventMetadata {
  return {
    ...metadata,
    eid: metadata.eid ?? randomUUID(),
    occurred_at: metadata.occurred_at ?? new Date().toISOString(),
  };
}
