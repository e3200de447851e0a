/**
 * What the broker's reports about itself say, without their metadata (protocol 6.9).
 * @pure
 */
import type { CompleteEventType } from "../event-types/stored-event-type.ts";

export const DATA_STREAMED = "nakadi.data.streamed";

/** Without the application: it is always the same one. */
export interface Indicators {
  "nakadi.access.log": {
    method: string;
    path: string;
    /** With its question mark; empty where there is none. */
    query: string;
    user_agent: string;
    status_code: number;
    response_time_ms: number;
    accept_encoding: string;
    content_encoding: string;
    /** 0 where nobody said it. */
    request_length: number;
    /** 0 where nobody knew it before. */
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
    /** With a subscription, or without: the high or the low level. */
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

/** Without `before` it was created, without `after` deleted. */
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

/** A data-change event, for a type whose schema does not know its members `metadata`, `data_type` and `data_op`. */
export function auditEvent(change: Change, who: { user: string; user_hash: string }): object {
  const { resource, id, before, after } = change;
  const data = {
    ...(before !== undefined && { previous_object: before, previous_text: JSON.stringify(before) }),
    ...(after !== undefined && { new_object: after, new_text: JSON.stringify(after) }),
    resource_type: resource,
    resource_id: id,
    ...who,
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
