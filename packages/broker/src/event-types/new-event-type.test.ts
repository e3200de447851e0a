import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../limits.ts";
import { readEventTypeRequest } from "./event-type-request.ts";
import { newEventType } from "./new-event-type.ts";
import type { NewEventType } from "./new-event-type.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const SCHEMA = '{"type":"object","properties":{"order":{"type":"string"},"nested":{"properties":{"at":{}}}}}';

function make(change: object): NewEventType {
  const request = {
    name: "order.created",
    owning_application: "shop",
    category: "business",
    enrichment_strategies: ["metadata_enrichment"],
    schema: { type: "json_schema", schema: SCHEMA },
    ...change,
  };
  return newEventType(readEventTypeRequest(request), DEFAULT_LIMITS, NOW);
}

const UNDEFINED = { category: "undefined", enrichment_strategies: [] };
const USERS = [
  { data_type: "user", value: "ada" },
  { data_type: "user", value: "ada" },
];

describe("refuses with a sentence", () => {
  test.each([
    [{ options: { retention_time: 10_799_999 } }, 'Field "options.retention_time" can not be less than 10800000'],
    [{ options: { retention_time: 345_600_001 } }, 'Field "options.retention_time" can not be more than 345600000'],
    [{ enrichment_strategies: [] }, "must define metadata enrichment strategy"],
    [{ category: "data", enrichment_strategies: [] }, "must define metadata enrichment strategy"],
    [
      { enrichment_strategies: ["metadata_enrichment", "metadata_enrichment"] },
      "enrichment strategies must not contain duplicated entries",
    ],
    [{ category: "undefined" }, "must not define enrichment strategy for undefined event type"],
    [
      { ...UNDEFINED, cleanup_policy: "compact" },
      "cleanup_policy 'compact' and 'compact_and_delete' is not available for 'undefined' event type category",
    ],
    [{ partition_strategy: null }, "partition strategy must not be null"],
    [{ partition_strategy: "astrology" }, "partition strategy does not exist: astrology"],
    [{ partition_strategy: "hash" }, "partition_key_fields field should be set for partition strategy 'hash'"],
    [
      { ...UNDEFINED, partition_strategy: "user_defined" },
      "'user_defined' partition strategy can't be used for EventType of category 'undefined'",
    ],
    [
      { authorization: { admins: USERS, readers: USERS.slice(1), writers: USERS.slice(1) } },
      "authorization property 'ADMIN' contains duplicated attribute(s): user:ada",
    ],
    [
      { event_owner_selector: { type: "metadata", name: "x", value: "y" } },
      "event_owner_selector specifying value for type 'metadata' is not supported",
    ],
    [
      { event_owner_selector: { type: "path", name: "x", value: "nested.by" } },
      "event_owner_selector.value [nested.by] absent in schema",
    ],
    [{ ordering_key_fields: ["x", "order", "nested.y"] }, "ordering_key_fields [x, nested.y] absent in schema"],
    [{ ordering_key_fields: ["order"], ordering_instance_ids: ["x"] }, "ordering_instance_ids [x] absent in schema"],
    [
      { ordering_instance_ids: ["order"] },
      "`ordering_instance_ids` field can not be defined without defining `ordering_key_fields`",
    ],
    [{ category: "data", ordering_key_fields: ["order"] }, "ordering_key_fields [order] absent in schema"],
  ])("%j", (change, detail) => {
    expect(() => make(change)).toThrow(expect.objectContaining({ status: 422, message: detail }));
  });
});

test.each([
  {
    ordering_key_fields: ["order", "nested.at", "metadata.occurred_at"],
    ordering_instance_ids: ["order"],
  },
  { category: "data", ordering_key_fields: ["data.order", "data_op", "metadata.eid"] },
  { event_owner_selector: { type: "path", name: "x", value: "nested.at" } },
  { event_owner_selector: { type: "static", name: "x", value: "y" } },
  { partition_strategy: "hash", partition_key_fields: ["nowhere"] },
  { cleanup_policy: "compact_and_delete", partition_strategy: "user_defined" },
])("takes %j", (change) => {
  expect(() => make(change)).not.toThrow();
});

test("sets what the server sets", () => {
  const { eventType } = make({});
  expect(Object.keys(eventType)).toEqual([
    "name",
    "owning_application",
    "category",
    "enrichment_strategies",
    "partition_strategy",
    "partition_key_fields",
    "cleanup_policy",
    "ordering_key_fields",
    "ordering_instance_ids",
    "schema",
    "default_statistic",
    "options",
    "authorization",
    "annotations",
    "labels",
    "compatibility_mode",
    "updated_at",
    "created_at",
  ]);
  expect(eventType.schema).toEqual({
    type: "json_schema",
    schema: SCHEMA,
    version: "1.0.0",
    created_at: "2026-01-02T03:04:05.678Z",
  });
  expect(eventType.options).toEqual({ retention_time: 172_800_000 });
  expect(eventType.created_at).toBe("2026-01-02T03:04:05.678Z");
});

test("what is set only if it was asked for stands before the times", () => {
  const { eventType } = make({
    audience: "company-internal",
    event_owner_selector: { type: "metadata", name: "x" },
  });
  expect(Object.keys(eventType).slice(-5)).toEqual([
    "compatibility_mode",
    "audience",
    "event_owner_selector",
    "updated_at",
    "created_at",
  ]);
});

test.each([
  [null, 1],
  [{ read_parallelism: 2, write_parallelism: 3 }, 3],
  [{ read_parallelism: 9, write_parallelism: 2 }, 8],
])("the number of partitions is the larger parallelism, capped: %j", (parallelism, partitions) => {
  const default_statistic = parallelism && {
    messages_per_minute: 1,
    message_size: 1,
    ...parallelism,
  };
  expect(make({ default_statistic }).partitions).toBe(partitions);
});

test("an Avro schema is stored as it is", () => {
  const schema = { type: "avro_schema", schema: '{"type":"record","name":"r","fields":[]}' };
  expect(make({ schema })).toMatchObject({ eventType: { schema }, effectiveSchema: undefined });
  expect(() => make({ schema: { ...schema, schema: "{" } })).toThrow("failed to parse avro schema {");
});
