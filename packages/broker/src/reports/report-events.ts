/**
 * The content of the broker's audit and usage events, without their metadata (protocol 6.9).
 * @pure
 */
import type { CompleteEventType } from "../event-types/stored-event-type.ts";

export const DATA_STREAMED = "nakadi.data.streamed";

/** The fields of each usage event, without those of the application. */
export interface Indicators {
  "nakadi.access.log": {
    method: string;
    path: string;
    /** With the question mark; empty without a query. */
    query: string;
    user_agent: string;
    status_code: number;
    response_time_ms: number;
    accept_encoding: string;
    content_encoding: string;
    /** 0 without a `Content-Length`. */
    request_length: number;
    /** 0 if the answer has no `Content-Length`. */
    response_length: number;
  };
  "nakadi.batch.published": {
    event_type: string;
    token_realm: string;
    number_of_events: number;
    ms_spent: number;
    batch_size: number;
  };
  "nakadi.data.streamed": {
    /** `hila` with a subscription, `lola` without. */
    api: "hila" | "lola";
    subscription?: string;
    event_type: string;
    token_realm: string;
  } & Streamed;
  "nakadi.event.type.log": {
    event_type: string;
    status: ChangeStatus;
    category: string;
    authz: "enabled" | "disabled";
    compatibility_mode: string;
  };
  "nakadi.subscription.log": { subscription_id: string; status: ChangeStatus };
}

export interface Streamed {
  number_of_events: number;
  bytes_streamed: number;
  batches_streamed: number;
}

type ChangeStatus = "created" | "updated" | "deleted";

/** A change of a resource; without `before` a creation, without `after` a deletion. */
export interface Change {
  resource: "event_type" | "subscription" | "timeline" | "storage" | "blacklist_entry" | "feature" | "admins";
  id: string;
  before?: object | undefined;
  after?: object | undefined;
}

const OPERATIONS = { created: "C", updated: "U", deleted: "D" } as const;

export function changeStatus({ before, after }: { before?: unknown; after?: unknown }): ChangeStatus {
  if (before === undefined) return "created";
  return after === undefined ? "deleted" : "updated";
}

/** A data-change event; the event type is of another category, so its schema lacks `data_type` and `data_op`. */
export function auditEvent(change: Change, user: { user: string; user_hash: string }): object {
  const { resource, id, before, after } = change;
  const data = {
    ...(before !== undefined && { previous_object: before, previous_text: JSON.stringify(before) }),
    ...(after !== undefined && { new_object: after, new_text: JSON.stringify(after) }),
    resource_type: resource,
    resource_id: id,
    ...user,
  };
  return { data_type: resource, data_op: OPERATIONS[changeStatus(change)], data };
}

export function eventTypeLog(
  before: CompleteEventType | undefined,
  after: CompleteEventType | undefined,
  { name, category, authorization, compatibility_mode }: CompleteEventType,
): Indicators["nakadi.event.type.log"] {
  return {
    event_type: name,
    status: changeStatus({ before, after }),
    category: category.toUpperCase(),
    authz: authorization ? "enabled" : "disabled",
    compatibility_mode: compatibility_mode.toUpperCase(),
  };
}
