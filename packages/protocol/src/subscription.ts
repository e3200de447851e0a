/**
 * Subscriptions and their statistics as they travel (protocol 2.1, 2.10).
 * @pure
 */
import type { Authorization } from "./authorization.ts";
import type { Cursor } from "./cursor.ts";

/** Where a subscription begins when its positions are fixed: at its first stream or reset, not when it is created (protocol 3.2). */
export type ReadFrom = "begin" | "end" | "cursors";

/** A position that a subscription begins at, or is reset to. */
export type SubscriptionCursor = Omit<Cursor, "cursor_token">;

/**
 * What a request to create a subscription may say. `owning_application`, `event_types` and `consumer_group` together are its
 * identity: there is one for each, whatever else is said (protocol 2.2).
 */
export interface SubscriptionRequest {
  /** Not empty. Never changes. */
  owning_application: string;
  /** One or more, all existing, with no more partitions than the server allows together (100). Never change. */
  event_types: string[];
  /** Not empty. Default `default`. Never changes. */
  consumer_group?: string;
  /** Default `end`. Never changes. */
  read_from?: ReadFrom;
  /** With `read_from: "cursors"` exactly one for each partition of each event type. Never change. */
  initial_cursors?: SubscriptionCursor[] | null;
  /** Default null: every subject may do everything. Once there, it cannot be removed. */
  authorization?: Authorization | null;
  /** As those of event types (protocol 5.1.4); two of them order dead-letter handling (protocol 3.12). Absent in an update: stay. */
  annotations?: Record<string, string> | null;
  /** As those of event types. */
  labels?: Record<string, string> | null;
}

export interface Subscription extends SubscriptionRequest {
  consumer_group: string;
  read_from: ReadFrom;
  /** Set by the server. */
  id: string;
  /** Set by the server: UTC with milliseconds. */
  created_at: string;
  /** Set by the server. */
  updated_at: string;
  /** The streams and what they read; in lists, on request. For several event types the server may list partitions twice (protocol 2.6). */
  status?: SubscriptionEventTypeStats[];
}

export interface SubscriptionPartitionStats {
  partition: string;
  /** `reassigning`: its stream is to hand it over. */
  state: "assigned" | "reassigning" | "unassigned";
  /** Offsets between the committed position and the newest event. Absent before the subscription's positions are fixed. */
  unconsumed_events?: number;
  /** Whole seconds since the next event to be committed was stored; 0 at the end. Only on request, and absent where it is not known. */
  consumer_lag_seconds?: number;
  /** The stream that reads it, the old one while `reassigning`. The empty text where no stream reads. */
  stream_id: string;
  /** Whether the stream asked for this partition. Absent where no stream reads. */
  assignment_type?: "direct" | "auto";
}

export interface SubscriptionEventTypeStats {
  event_type: string;
  /** In the order of their names as texts: 0, 1, 10, 2. */
  partitions: SubscriptionPartitionStats[];
}
