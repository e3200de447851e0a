/**
 * An event type as the broker stores it: metadata of kind `event-type`, with the name as id.
 * @pure
 */
import type { EventType, Schema } from "nakadi-protocol";
import type { LogId, LogPolicy } from "nakadi-storage";
import { retentionBytes } from "./retention-bytes.ts";

/** The answer to a GET, with all defaults, in the order of its members (protocol 5.1.1). */
export interface CompleteEventType extends Required<Omit<EventType, "audience" | "event_owner_selector" | "options">> {
  schema: Required<Schema>;
  options: { retention_time: number | null };
  annotations: Record<string, string>;
  labels: Record<string, string>;
  audience?: NonNullable<EventType["audience"]>;
  event_owner_selector?: NonNullable<EventType["event_owner_selector"]>;
}

/** The `storage_id` of the broker's own storage: always present, and the default until an operator chooses another. */
export const OWN_STORAGE = "default";

/** A generation of the storage behind an event type (protocol 1, 6.6). */
export interface Timeline {
  /** 1 or more. */
  order: number;
  log: LogId;
  /** The requested `storage_id`; absent for the broker's own. */
  storage?: string;
  /** When writes to it began. */
  createdAt: string;
  /** Last number of each partition of a closed timeline; null while it is open. */
  lastNumbers: readonly number[] | null;
}

export interface StoredEventType {
  eventType: CompleteEventType;
  partitions: number;
  /** All versions of the schema, oldest first; the last is that of `eventType.schema`. */
  schemaVersions: readonly string[];
  /** By order, at least one; the last is open. */
  timelines: readonly Timeline[];
}

/** How the logs of an event type keep its events: by age and size, by key, or both. */
export function logPolicy({ cleanup_policy, options, annotations }: CompleteEventType): LogPolicy {
  if (cleanup_policy === "compact") return { retentionMs: null, compact: true };
  const bytes = retentionBytes(annotations);
  return {
    retentionMs: options.retention_time,
    compact: cleanup_policy === "compact_and_delete",
    ...(bytes !== undefined && { retentionBytes: bytes }),
  };
}
