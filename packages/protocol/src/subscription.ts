/**
 * Subscriptions and their statistics as they travel (protocol 2.1, 2.10).
 * @pure
 */
import type { Authorization } from "./authorization.ts";
import type { Cursor } from "./cursor.ts";

export type ReadFrom = "begin" | "end" | "cursors";

/** What a request to create a subscription may say. */
export interface SubscriptionRequest {
  owning_application: string;
  event_types: string[];
  /** Default `default`. */
  consumer_group?: string;
  /** Default `end`. */
  read_from?: ReadFrom;
  initial_cursors?: Omit<Cursor, "cursor_token">[] | null;
  authorization?: Authorization | null;
  annotations?: Record<string, string> | null;
  labels?: Record<string, string> | null;
}

export interface Subscription extends SubscriptionRequest {
  consumer_group: string;
  read_from: ReadFrom;
  id: string;
  created_at: string;
  updated_at: string;
}

export interface SubscriptionPartitionStats {
  partition: string;
  state: "assigned" | "reassigning" | "unassigned";
  /** Absent before the subscription's positions are fixed. */
  unconsumed_events?: number;
  /** Only on request. */
  consumer_lag_seconds?: number;
  /** The empty text where nobody reads. */
  stream_id: string;
  assignment_type?: "direct" | "auto";
}

export interface SubscriptionEventTypeStats {
  event_type: string;
  partitions: SubscriptionPartitionStats[];
}
