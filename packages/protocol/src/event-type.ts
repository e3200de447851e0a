/**
 * Event types as they travel (protocol 5.1). Members that the server sets or fills in are optional, since requests may leave
 * them out; in answers all are there but `audience` and `event_owner_selector`.
 * @pure
 */
import type { Authorization, AuthorizationAttribute } from "./authorization.ts";
import type { CompatibilityMode, Schema } from "./schema.ts";

/** `business` and `data` events carry metadata, `undefined` ones do not (protocol 4.4). */
export type Category = "undefined" | "business" | "data";
/** How the partition of an event is chosen (protocol 4.7). */
export type PartitionStrategy = "random" | "hash" | "user_defined";
/** What becomes of old events: deleted after the retention time, replaced by newer ones of the same key, or both. */
export type CleanupPolicy = "delete" | "compact" | "compact_and_delete";
/** The intended readers of the events; matched exactly, with hyphens. */
export type Audience =
  | "component-internal"
  | "business-unit-internal"
  | "company-internal"
  | "external-partner"
  | "external-public";

/** What the owner expects; only the two parallelisms matter: the larger is the number of partitions (protocol 5.1.3). */
export interface EventTypeStatistics {
  /** 0 or more. */
  messages_per_minute: number;
  /** Bytes; 1 or more. */
  message_size: number;
  /** 1 or more. */
  read_parallelism: number;
  /** 1 or more. */
  write_parallelism: number;
}

/** Where the owner of an event stands, for the server's authorization (protocol 5.1.2). */
export interface EventOwnerSelector {
  /** A member of the event, a fixed value, or the event's metadata. */
  type: "path" | "static" | "metadata";
  name: string;
  /** The dotted path, or the fixed value; none for `metadata`. */
  value?: string | null;
}

/** All three lists are required and not empty (protocol 5.1.2). */
export interface EventTypeAuthorization extends Authorization {
  writers: AuthorizationAttribute[];
}

export interface EventTypeOptions {
  /** Milliseconds that events are kept, 10 800 000 (3 hours) to 345 600 000 (4 days). Default 172 800 000 (2 days). */
  retention_time?: number | null;
}

export interface EventType {
  /** 1 to 255 characters: parts of letters, digits, `-` and `_` between dots, the first of them a letter. Never changes. */
  name: string;
  /** May change. */
  owning_application: string;
  /** Changes only from `undefined` to `business` (protocol 5.2.4). */
  category: Category;
  /** `metadata_enrichment` for `business` and `data`, empty for `undefined`; the server fills in none. Never changes. */
  enrichment_strategies?: "metadata_enrichment"[];
  /** Default `random`. `user_defined` is not for `undefined`. Changes only away from `random`, but for Nakadi's admins. */
  partition_strategy?: PartitionStrategy;
  /** Dotted paths that are hashed; required for `hash`, and looked for in each event, not in the schema. */
  partition_key_fields?: string[];
  /** Default `delete`; the others are not for `undefined`. Changes only from `delete` to `compact_and_delete`. */
  cleanup_policy?: CleanupPolicy;
  /** Dotted paths that must be in the effective schema; for consumers, the server never orders by them. */
  ordering_key_fields?: string[];
  /** As `ordering_key_fields`, which it needs. */
  ordering_instance_ids?: string[];
  /** Changes by the rules of the compatibility mode (protocol 5.4). */
  schema: Schema;
  /** Default null: one partition. Changes only with the number of partitions (protocol 5.7.3). */
  default_statistic?: EventTypeStatistics | null;
  /** Absent in an update: stays as it was. */
  options?: EventTypeOptions | null;
  /** Default null: every subject may do everything. Once there, it cannot be removed. */
  authorization?: EventTypeAuthorization | null;
  /** Keys of up to 63 characters behind an optional domain of up to 253, values up to 1000 (protocol 5.1.4). Absent in an update: stay. */
  annotations?: Record<string, string> | null;
  /** As annotations, values up to 63 letters, digits, `-`, `_` and `.`. */
  labels?: Record<string, string> | null;
  /** Default `forward`. */
  compatibility_mode?: CompatibilityMode;
  /** Once set it may change, not go. */
  audience?: Audience;
  /** Once set it stays as it is, but for Nakadi's admins. */
  event_owner_selector?: EventOwnerSelector;
  /** Set by the server: UTC with milliseconds. */
  updated_at?: string;
  /** Set by the server. */
  created_at?: string;
}

/** What is readable in one partition (protocol 5.7). */
export interface Partition {
  /** Of the first event that can be read, or of the next one to be written. */
  oldest_available_offset: string;
  /** Of the last event that was written; before the first one where there is none. */
  newest_available_offset: string;
  partition: string;
  /** Offsets after the position that was asked about. */
  unconsumed_events?: number;
}
