/**
 * An event type as the broker keeps it: metadata of kind `event-type`, its id the name.
 * @pure
 */
import type { EventType, Schema } from "nakadi-protocol";
import type { LogId, LogPolicy } from "nakadi-storage";

/** The object that GET shows, with every default filled in, in the order of its members (protocol 5.1.1). */
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
  /** When it became the one that is written to. */
  createdAt: string;
  /** Last number by partition once the timeline is closed; null while it is written to. */
  lastNumbers: readonly number[] | null;
}

export interface StoredEventType {
  eventType: CompleteEventType;
  partitions: number;
  /** Every version that its schema ever had, oldest first; the last one is that of `eventType.schema`. */
  schemaVersions: readonly string[];
  /** By order; the last one is written to. Never empty. */
  timelines: readonly Timeline[];
}

/** How the logs of an event type keep its events: by age, by key, or both. */
export function logPolicy({ cleanup_policy, options }: CompleteEventType): LogPolicy {
  return {
    retentionMs: cleanup_policy === "compact" ? null : options.retention_time,
    compact: cleanup_policy !== "delete",
  };
}
