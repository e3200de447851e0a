/**
 * Events as they travel (protocol 4.4, 4.6, 4.8). Those of category `undefined` are any JSON object.
 * @pure
 */

/** What a producer may say of its event; any other member is refused (protocol 4.4). */
export interface EventMetadata {
  /** A UUID. The server never looks whether there is another event of that name. */
  eid: string;
  /** RFC 3339 with seconds and an offset, e.g. `2026-01-02T03:04:05.678Z`. */
  occurred_at: string;
  /** The name of the event type, if anything. */
  event_type?: string;
  /** Decides with the strategy `user_defined`, which needs it; else the server writes its own over it. */
  partition?: string;
  /** UUIDs of the events that led to this one. */
  parent_eids?: string[];
  /** Default: that of the request. */
  flow_id?: string;
  /** The context of a trace. */
  span_ctx?: Record<string, string>;
  /** Not empty. Required for compacted event types, forbidden for others. */
  partition_compaction_key?: string;
}

/** The metadata that a consumer gets. What the server has set must be taken out before the event is published again (protocol 4.6). */
export interface DeliveredMetadata extends EventMetadata {
  event_type: string;
  partition: string;
  flow_id: string;
  /** UTC with milliseconds. */
  received_at: string;
  /** Of the schema, e.g. `1.1.0`. */
  version: string;
  /** The subject that published it; `unauthenticated` where the server does not ask. */
  published_by: string;
}

/** An event of category `business`: its own members, and metadata beside them. */
export type BusinessEvent<T extends object = Record<string, unknown>> = T & { metadata: EventMetadata };

/** Created, updated, deleted, or as it is (a snapshot). */
export type DataOperation = "C" | "U" | "D" | "S";

/** An event of category `data`: what became of an entity. */
export interface DataChangeEvent<T = unknown> {
  metadata: EventMetadata;
  /** What kind of entity. */
  data_type: string;
  data_op: DataOperation;
  /** The entity, which the event type's schema describes. */
  data: T;
}

/** A key of a compacted event type that is to go, with whatever its partition is chosen by (protocol 4.8). */
export interface Tombstone {
  metadata: Partial<EventMetadata> & { partition_compaction_key: string };
  [member: string]: unknown;
}
