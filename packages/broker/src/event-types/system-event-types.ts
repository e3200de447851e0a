/**
 * Event types that the broker creates at its start (protocol 6.10): the dead-letter queue, and those of its own reports.
 * They are ordinary event types in all other respects.
 * @pure
 */
import type { EventType } from "nakadi-protocol";

export const DEAD_LETTER_QUEUE = "nakadi.dead.letter.queue";
/** Created by clients that redrive dead letters; each of its events is for one subscription. */
export const DEAD_LETTER_REDRIVE = "nakadi.dead.letter.redrive";

const DAY_MS = 86_400_000;
const TEXT = { type: "string" };

/** The bodies of the POST that would create them. */
export function systemEventTypes(): EventType[] {
  return [
    {
      ...ofServer(DEAD_LETTER_QUEUE, 1),
      schema: jsonSchema(
        {
          subscription_id: TEXT,
          event_type: TEXT,
          partition: TEXT,
          offset: TEXT,
          error: { type: "object", properties: { message: TEXT }, required: ["message"] },
          event: {
            type: "object",
            properties: {
              metadata: {
                type: "object",
                properties: { event_type: TEXT, eid: TEXT, occurred_at: { type: "string", format: "date-time" } },
                required: ["event_type", "eid", "occurred_at"],
              },
            },
            required: ["metadata"],
          },
        },
        ["subscription_id", "event_type", "partition", "offset", "error", "event"],
      ),
      audience: "component-internal",
    },
    {
      ...ofServer("nakadi.audit.log", 4),
      owning_application: "stups_nakadi",
      category: "data",
      partition_strategy: "hash",
      partition_key_fields: ["resource_id"],
      schema: jsonSchema(
        {
          previous_object: { type: "object" },
          previous_text: TEXT,
          new_object: { type: "object" },
          new_text: TEXT,
          resource_type: TEXT,
          resource_id: TEXT,
          user: TEXT,
          user_hash: TEXT,
        },
        ["user", "user_hash", "resource_id", "resource_type"],
      ),
    },
    {
      ...ofServer("nakadi.event.type.disk.usage", 4),
      schema: jsonSchema({ event_type: TEXT, size_bytes: { type: "number" } }, ["event_type", "size_bytes"]),
    },
    ...Object.entries(INDICATORS).map(([name, fields]): EventType => ({
      ...ofServer(name, 4),
      schema: avroSchema(name, fields.split(" ")),
    })),
  ];
}

/** Fields of each usage event; `#` marks numbers. */
const INDICATORS: Readonly<Record<string, string>> = {
  "nakadi.access.log":
    "method path query user_agent app app_hashed #status_code #response_time_ms accept_encoding content_encoding " +
    "#request_length #response_length",
  "nakadi.batch.published": "event_type app app_hashed token_realm #number_of_events #ms_spent #batch_size",
  "nakadi.data.streamed":
    "api subscription event_type app app_hashed token_realm #number_of_events #bytes_streamed #batches_streamed",
  "nakadi.event.type.log": "event_type status category authz compatibility_mode",
  "nakadi.subscription.log": "subscription_id status",
};

function ofServer(name: string, days: number): Omit<EventType, "schema"> {
  return {
    name,
    owning_application: "nakadi",
    category: "business",
    enrichment_strategies: ["metadata_enrichment"],
    options: { retention_time: days * DAY_MS },
    audience: "company-internal",
  };
}

function jsonSchema(properties: Readonly<Record<string, object>>, required: readonly string[]): EventType["schema"] {
  return { type: "json_schema", schema: JSON.stringify({ type: "object", properties, required }) };
}

function avroSchema(name: string, fields: readonly string[]): EventType["schema"] {
  const record = {
    type: "record",
    name: name.replace(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    fields: fields.map((field) =>
      field.startsWith("#") ? { name: field.slice(1), type: "long" } : { name: field, type: ["null", "string"] },
    ),
  };
  return { type: "avro_schema", schema: JSON.stringify(record) };
}
