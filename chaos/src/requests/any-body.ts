/**
 * The body that each endpoint wants.
 * @pure
 */
import fc from "fast-check";
import { APPLICATIONS, EVENT_TYPES, GROUPS } from "./names.ts";

const UUID = "7b7c7100-0559-11e6-a837-0800200c9a66";

const offset: fc.Arbitrary<string> = fc.oneof(
  fc.nat(30).map((number) => `001-0001-${String(number).padStart(18, "0")}`),
  fc.constantFrom(
    "BEGIN",
    "begin",
    "0",
    "-1",
    "001-0001--1",
    "001-0002--1",
    "001-0001",
    "001-zzzz-0",
    "9".repeat(25),
    "-",
    "",
  ),
);
export const partition: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("0", "1", "2") },
  { weight: 1, arbitrary: fc.constantFrom("7", "-1", "00", "x", "", "1e0", "__proto__") },
);
export const eventTypeName: fc.Arbitrary<string> = fc.constantFrom(...Object.values(EVENT_TYPES));
const cursor = fc.record({ partition, offset });
const subscriptionCursor = fc.record({
  partition,
  offset,
  event_type: eventTypeName,
  cursor_token: fc.constant("token"),
});
const attributes = fc.array(
  fc.record({ data_type: fc.constantFrom("user", "service"), value: fc.constantFrom("a", "b") }),
  {
    minLength: 1,
    maxLength: 3,
  },
);

const SCHEMAS: readonly unknown[] = [
  {},
  { type: "object", properties: { foo: { type: "string" } } },
  { type: "object", properties: { foo: { type: "string" }, bar: { type: "integer" } } },
  { properties: { foo: { $ref: "#/definitions/a" } }, definitions: { a: { enum: ["x", 1, null] } } },
  { properties: { foo: { pattern: "^(a+)+$" } } },
  { properties: { foo: { pattern: "(?=a)" } } },
  { $schema: "http://json-schema.org/draft-07/schema#", if: { required: ["a"] }, then: { required: ["b"] } },
  { $ref: "#" },
  { properties: { foo: { $ref: "#/nowhere" } } },
  { allOf: [{ $ref: "#/allOf/0" }] },
  { type: ["object", "null"] },
  { properties: { metadata: {} } },
];
const schemaText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...SCHEMAS).map((schema) => JSON.stringify(schema)) },
  { weight: 1, arbitrary: fc.constantFrom("", "{", "[]", "null", '"string"', '{"a":1,"a":2}', '{"type":"record"}') },
);
const schema = fc.record({
  type: fc.oneof(
    { weight: 9, arbitrary: fc.constant("json_schema") },
    { weight: 1, arbitrary: fc.constant("avro_schema") },
  ),
  schema: schemaText,
});
const labels = fc.dictionary(
  fc.constantFrom("a", "a.b/c", "A.b/c", "", "a/b/c", "__proto__"),
  fc.constantFrom("x", "", "é"),
);

/** `base`, with one or two of `members` now and then, so that most bodies are right. */
function withSome(base: fc.Arbitrary<object>, members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const one = fc
    .constantFrom(...Object.entries(members))
    .chain(([name, value]) => value.map((one): object => ({ [name]: one })));
  return fc
    .tuple(base, fc.array(one, { maxLength: 2 }))
    .map(([body, more]) => Object.assign({}, body, ...more) as object);
}

const newEventType = fc
  .tuple(eventTypeName, fc.constantFrom(...APPLICATIONS), fc.constantFrom("undefined", "business", "data"), schema)
  .map(([name, owning_application, category, schema]) => ({
    name,
    owning_application,
    category,
    enrichment_strategies: category === "undefined" ? [] : ["metadata_enrichment"],
    schema,
  }));

export const eventTypeBody: fc.Arbitrary<unknown> = withSome(newEventType, {
  category: fc.constantFrom("undefined", "business", "data"),
  enrichment_strategies: fc.constantFrom([], ["metadata_enrichment"]),
  partition_strategy: fc.constantFrom("random", "hash", "user_defined", "none"),
  partition_key_fields: fc.constantFrom([], ["foo"], ["'"], ["a.b", "\\"]),
  cleanup_policy: fc.constantFrom("delete", "compact", "compact_and_delete"),
  ordering_key_fields: fc.constantFrom([], ["foo"], ["metadata.occurred_at"]),
  ordering_instance_ids: fc.constantFrom([], ["foo"]),
  default_statistic: fc.constantFrom(null, {
    messages_per_minute: 1,
    message_size: 1,
    read_parallelism: 2,
    write_parallelism: 2,
  }),
  options: fc.constantFrom(null, {}, { retention_time: 172_800_000 }, { retention_time: -1 }),
  authorization: fc.option(fc.record({ admins: attributes, readers: attributes, writers: attributes })),
  annotations: labels,
  labels,
  compatibility_mode: fc.constantFrom("compatible", "forward", "none"),
  audience: fc.constantFrom("component-internal", "unknown"),
  event_owner_selector: fc.record({
    type: fc.constantFrom("path", "static", "metadata"),
    name: fc.constant("n"),
    value: fc.constant("foo"),
  }),
});

export const schemaBody: fc.Arbitrary<unknown> = schema;

export const subscriptionBody: fc.Arbitrary<unknown> = withSome(
  fc.record({
    owning_application: fc.constantFrom(...APPLICATIONS),
    event_types: fc.array(eventTypeName, { minLength: 1, maxLength: 2 }),
  }),
  {
    consumer_group: fc.constantFrom(...GROUPS),
    read_from: fc.constantFrom("begin", "end", "cursors"),
    initial_cursors: fc.array(subscriptionCursor, { maxLength: 4 }),
    authorization: fc.option(fc.record({ admins: attributes, readers: attributes })),
    annotations: labels,
    labels,
  },
);

const metadata = fc.record(
  {
    eid: fc.constantFrom(UUID, "x"),
    occurred_at: fc.constantFrom("2020-01-02T03:04:05Z", "2020-13-02T03:04:05+01:00", "now"),
    event_type: eventTypeName,
    partition,
    flow_id: fc.string({ maxLength: 5 }),
    span_ctx: fc.constantFrom({}, { a: "b" }),
    parent_eids: fc.constantFrom([], [UUID]),
    partition_compaction_key: fc.constantFrom("k1", "k2", "", 7),
  },
  { requiredKeys: ["eid", "occurred_at"] },
);
export const eventsBody: fc.Arbitrary<unknown> = fc.array(
  fc.record(
    { metadata, foo: fc.oneof(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 1 })) },
    { requiredKeys: [] },
  ),
  { maxLength: 4 },
);

export const commitBody: fc.Arbitrary<unknown> = fc.record({ items: fc.array(subscriptionCursor, { maxLength: 3 }) });

export const streamBody: fc.Arbitrary<unknown> = fc.record(
  {
    batch_limit: fc.integer({ min: -1, max: 5 }),
    stream_limit: fc.integer({ min: -1, max: 5 }),
    batch_flush_timeout: fc.integer({ min: -1, max: 2 }),
    stream_timeout: fc.integer({ min: -1, max: 2 }),
    commit_timeout: fc.integer({ min: -1, max: 3 }),
    max_uncommitted_events: fc.integer({ min: -1, max: 5 }),
    partitions: fc.array(fc.record({ event_type: eventTypeName, partition }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

export const distancesBody: fc.Arbitrary<unknown> = fc.array(
  fc.record({ initial_cursor: cursor, final_cursor: cursor }),
  {
    maxLength: 3,
  },
);
export const shiftsBody: fc.Arbitrary<unknown> = fc.array(
  fc.record(
    { partition, offset, shift: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.maxSafeInteger()) },
    { requiredKeys: ["partition", "offset"] },
  ),
  { maxLength: 3 },
);
export const cursorsBody: fc.Arbitrary<unknown> = fc.array(cursor, { maxLength: 3 });
export const featureBody: fc.Arbitrary<unknown> = fc.record({
  feature: fc.constantFrom(
    "kpi_collection",
    "repartitioning",
    "event_owner_selector_authz",
    "force_subscription_authz",
    "levitation",
  ),
  enabled: fc.boolean(),
});
export const adminsBody: fc.Arbitrary<unknown> = fc.record({
  admins: attributes,
  readers: attributes,
  writers: attributes,
});
export const storageBody: fc.Arbitrary<unknown> = fc.record({
  id: fc.constantFrom("default", "s1", "s2", "S!"),
  storage_type: fc.constantFrom("kafka", "paper"),
  kafka_configuration: fc.constantFrom<unknown>({ zookeeper_connection: {} }, null, 1),
});
export const timelineBody: fc.Arbitrary<unknown> = fc.record({ storage_id: fc.constantFrom("default", "s1", "none") });
export const partitionCountBody: fc.Arbitrary<unknown> = fc.record({
  partition_count: fc.integer({ min: -1, max: 9 }),
});
