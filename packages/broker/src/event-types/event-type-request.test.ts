import { describe, expect, test } from "vitest";
import { ProblemError, ValidationError } from "../problems.ts";
import { readEventTypeRequest } from "./event-type-request.ts";

const MINIMAL = {
  name: "order.created",
  owning_application: "shop",
  category: "undefined",
  schema: { type: "json_schema", schema: "{}" },
};

function violations(change: object): string {
  try {
    readEventTypeRequest({ ...MINIMAL, ...change });
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
    throw error;
  }
  return "";
}

describe("defaults", () => {
  const DEFAULTS = {
    ...MINIMAL,
    enrichment_strategies: [],
    partition_strategy: "random",
    partition_key_fields: [],
    cleanup_policy: "delete",
    ordering_key_fields: [],
    ordering_instance_ids: [],
    default_statistic: null,
    options: { retention_time: null },
    authorization: null,
    annotations: null,
    labels: null,
    compatibility_mode: "forward",
  };

  test("fill in what is absent", () => {
    expect(readEventTypeRequest(MINIMAL)).toEqual(DEFAULTS);
  });

  test.each([
    "partition_key_fields",
    "ordering_key_fields",
    "ordering_instance_ids",
    "default_statistic",
    "options",
    "authorization",
    "annotations",
    "labels",
    "audience",
    "event_owner_selector",
  ])("fill in %s if it is null", (member) => {
    expect(readEventTypeRequest({ ...MINIMAL, [member]: null })).toEqual(DEFAULTS);
  });

  test("do not care for unknown members", () => {
    expect(readEventTypeRequest({ ...MINIMAL, id: 7, default_statistics: { read_parallelism: 3 } })).toEqual(DEFAULTS);
  });
});

test.each([
  [{ category: "BUSINESS" }, { category: "business" }],
  [{ compatibility_mode: "None" }, { compatibility_mode: "none" }],
  [{ cleanup_policy: "Compact_And_Delete" }, { cleanup_policy: "compact_and_delete" }],
  [{ enrichment_strategies: ["Metadata_Enrichment"] }, { enrichment_strategies: ["metadata_enrichment"] }],
  [{ audience: "external-public" }, { audience: "external-public" }],
  [{ schema: { type: "AVRO_SCHEMA", schema: "x" } }, { schema: { type: "avro_schema", schema: "x" } }],
])("enumerations are read in any letter case: %j", (change, read) => {
  expect(readEventTypeRequest({ ...MINIMAL, ...change })).toMatchObject(read);
});

test.each([
  [{ category: "gossip" }, "Illegal enum value: 'gossip'. Possible values: [undefined, data, business]"],
  [
    { compatibility_mode: "sometimes" },
    "Illegal enum value: 'sometimes'. Possible values: [compatible, forward, none]",
  ],
  [{ cleanup_policy: "burn" }, "Illegal enum value: 'burn'. Possible values: [compact, delete, compact_and_delete]"],
  [{ audience: "EXTERNAL-PUBLIC" }, /^Illegal enum value: 'EXTERNAL-PUBLIC'/],
  [
    { schema: { type: "xml_schema", schema: "{}" } },
    "Illegal enum value: 'xml_schema'. Possible values: [json_schema, avro_schema]",
  ],
  [
    { enrichment_strategies: ["gold_plating"] },
    "Illegal enum value: 'gold_plating'. Possible values: [metadata_enrichment]",
  ],
  [{ schema: { type: "json_schema", schema: { type: "object" } } }, /schema\.schema/],
  [{ partition_key_fields: "order" }, /partition_key_fields/],
  [{ partition_key_fields: [{}] }, /partition_key_fields\[0\]/],
  [{ annotations: ["x"] }, /annotations/],
  [{ labels: { a: {} } }, /labels/],
  [{ options: 7 }, /options/],
  [{ options: { retention_time: "long" } }, /options\.retention_time/],
  [
    {
      default_statistic: {
        messages_per_minute: 1e10,
        message_size: 1,
        read_parallelism: 1,
        write_parallelism: 1,
      },
    },
    /messages_per_minute/,
  ],
])("a value of the wrong kind is a bad request: %j", (change, detail) => {
  const read = (): unknown => readEventTypeRequest({ ...MINIMAL, ...change });
  expect(read).toThrow(ProblemError);
  expect(read).toThrow(expect.objectContaining({ status: 400 }));
  expect(read).toThrow(detail);
});

test.each([[null], [[]], ["text"], [7], [undefined]])("a body other than an object is a bad request: %j", (body) => {
  expect(() => readEventTypeRequest(body)).toThrow(expect.objectContaining({ status: 400 }));
});

const STATISTIC = {
  messages_per_minute: 0,
  message_size: 1,
  read_parallelism: 1,
  write_parallelism: 1,
};
const USERS = [{ data_type: "user", value: "ada" }];

test.each([
  [{ name: undefined }, 'Field "name" must not be null\n'],
  [{ name: null }, 'Field "name" must not be null\n'],
  [{ name: "1x" }, 'Field "name" format not allowed\n'],
  [{ name: "a..x" }, 'Field "name" format not allowed\n'],
  [{ name: "a.-x" }, 'Field "name" format not allowed\n'],
  [{ name: "a\n" }, 'Field "name" format not allowed\n'],
  [{ name: "" }, 'Field "name" format not allowed\nField "name" the length of the name must be >= 1 and <= 255\n'],
  [{ name: "x".repeat(256) }, 'Field "name" the length of the name must be >= 1 and <= 255\n'],
  [{ owning_application: null }, 'Field "owning_application" must not be null\n'],
  [{ category: null }, 'Field "category" must not be null\n'],
  [{ enrichment_strategies: null }, 'Field "enrichment_strategies" must not be null\n'],
  [{ cleanup_policy: null }, 'Field "cleanup_policy" must not be null\n'],
  [{ compatibility_mode: null }, 'Field "compatibility_mode" must not be null\n'],
  [{ schema: null }, 'Field "schema" must not be null\n'],
  [{ schema: {} }, 'Field "schema.type" must not be null\nField "schema.schema" must not be null\n'],
  [{ default_statistic: STATISTIC }, ""],
  [
    { default_statistic: { ...STATISTIC, messages_per_minute: -1 } },
    'Field "default_statistic.messages_per_minute" can\'t be less then zero\n',
  ],
  [
    { default_statistic: { ...STATISTIC, message_size: 0 } },
    'Field "default_statistic.message_size" can\'t be less then 1\n',
  ],
  [
    { default_statistic: { ...STATISTIC, read_parallelism: 0 } },
    'Field "default_statistic.read_parallelism" at least one reader expected\n',
  ],
  [
    { default_statistic: { ...STATISTIC, write_parallelism: 0 } },
    'Field "default_statistic.write_parallelism" at least one writer expected\n',
  ],
  [
    { default_statistic: { ...STATISTIC, write_parallelism: null } },
    'Field "default_statistic.write_parallelism" must not be null\n',
  ],
  [
    { authorization: { admins: [], readers: USERS } },
    'Field "authorization.admins" must contain at least one attribute\nField "authorization.writers" must not be null\n',
  ],
  [
    { authorization: { admins: [{ data_type: "user" }], readers: USERS, writers: USERS } },
    'Field "authorization.admins[0].value" must not be null\n',
  ],
  [{ event_owner_selector: { type: "path" } }, 'Field "event_owner_selector.name" must not be null\n'],
  [{ annotations: { "-": "v" } }, 'Field "annotations[-]" Key name should start and end with a letter or a digit\n'],
  [{ labels: { a: "two words" } }, 'Field "labels[a]" Should contain only allowed symbols\n'],
])("violations are collected: %j", (change, message) => {
  expect(violations(change)).toBe(message);
});

test("a name may have 255 characters", () => {
  expect(violations({ name: "x".repeat(255) })).toBe("");
});

test("a name of millions of parts is refused", () => {
  const said = violations({ name: `a${".a".repeat(5_000_000)}` });
  expect(said).toContain("the length of the name must be >= 1 and <= 255");
});
