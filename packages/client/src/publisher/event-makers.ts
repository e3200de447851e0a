/** Events of the categories that carry metadata, and tombstones: from what a program has to say, typed by a schema or plain (protocol 4.4, 4.8). */
import { randomUUID } from "node:crypto";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BusinessEvent, DataChangeEvent, DataOperation, EventMetadata, Tombstone } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { text } from "../options/checks.ts";
import { demandValid } from "./event-schema.ts";

/** `eid` and `occurred_at` (now) are filled in where they are missing. */
export type GivenMetadata = Partial<EventMetadata>;

/** @throws {ConfigError} if the payload is no JSON object, or has metadata of its own; {InvalidEventError} */
export type BusinessEventMaker<T extends object> = (payload: T, metadata?: GivenMetadata) => BusinessEvent<T>;

/** Its methods throw {InvalidEventError} where there is a schema. */
export interface DataChangeMaker<T> {
  create(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
  update(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
  /** The entity as it was last. */
  delete(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
  /** The entity as it is, whatever happened to it. */
  snapshot(data: T, metadata?: GivenMetadata): DataChangeEvent<T>;
}

/**
 * Makes events of category `business`: the payload's members, and metadata with an `eid` that stays the same however often the
 * event is sent.
 * @param schema any Standard Schema that answers at once; the payload is held against it and stays as it is. Default: none
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
 * @param dataType what kind of entity they are about
 * @param schema any Standard Schema that answers at once; the data are held against it and stay as they are. Default: none
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
 * What `publisher.delete` takes: a key that is to go.
 * @param members what the event's partition is chosen by, e.g. its `partition_key_fields`, or `metadata.partition`
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
