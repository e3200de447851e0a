/**
 * Event types as they travel (protocol 5.1). Members that the server sets are optional here, since requests leave them out.
 * @pure
 */
import type { Authorization } from "./authorization.ts";

export type Category = "undefined" | "business" | "data";
export type PartitionStrategy = "random" | "hash" | "user_defined";
export type CleanupPolicy = "delete" | "compact" | "compact_and_delete";
export type CompatibilityMode = "compatible" | "forward" | "none";
export type Audience =
  | "component-internal"
  | "business-unit-internal"
  | "company-internal"
  | "external-partner"
  | "external-public";

export interface Schema {
  type: "json_schema" | "avro_schema";
  /** A JSON document inside a string; stored and returned as it is. */
  schema: string;
  /** Set by the server: `major.minor.patch`. */
  version?: string;
  /** Set by the server. */
  created_at?: string;
}

export interface EventTypeStatistics {
  messages_per_minute: number;
  message_size: number;
  read_parallelism: number;
  write_parallelism: number;
}

export interface EventOwnerSelector {
  type: "path" | "static" | "metadata";
  name: string;
  value?: string | null;
}

export interface EventType {
  name: string;
  owning_application: string;
  category: Category;
  enrichment_strategies?: "metadata_enrichment"[];
  partition_strategy?: PartitionStrategy;
  partition_key_fields?: string[];
  cleanup_policy?: CleanupPolicy;
  ordering_key_fields?: string[];
  ordering_instance_ids?: string[];
  schema: Schema;
  default_statistic?: EventTypeStatistics | null;
  options?: { retention_time?: number | null } | null;
  authorization?: (Authorization & { writers: Authorization["readers"] }) | null;
  annotations?: Record<string, string> | null;
  labels?: Record<string, string> | null;
  compatibility_mode?: CompatibilityMode;
  audience?: Audience;
  event_owner_selector?: EventOwnerSelector;
  /** Set by the server. */
  updated_at?: string;
  /** Set by the server. */
  created_at?: string;
}

/** What is readable in one partition (protocol 5.7). */
export interface Partition {
  oldest_available_offset: string;
  newest_available_offset: string;
  partition: string;
  unconsumed_events?: number;
}
