import { describe, expect, test } from "vitest";
import { effectiveSchema } from "./effective-schema.ts";
import { EventValidators, SchemaCompileError } from "./event-validator.ts";
import type { JsonObject } from "./json-schema.ts";

const validators = new EventValidators();

async function faultOf(schema: JsonObject, event: unknown): Promise<string | undefined> {
  return (await validators.of(JSON.stringify(schema))).faultOf(event as JsonObject);
}

const DRAFT_6 = { $schema: "http://json-schema.org/draft-06/schema#" };
const DRAFT_7 = { $schema: "http://json-schema.org/draft-07/schema#" };
const property = (schema: unknown): JsonObject => ({ properties: { a: schema } });

describe("says what is wrong as the server's validator does", () => {
  test.each<[JsonObject, unknown, string]>([
    [{ required: ["n"] }, {}, "#: required key [n] not found"],
    [{ required: ["toString"] }, {}, "#: required key [toString] not found"],
    [{ additionalProperties: false }, { z: 1 }, "#: extraneous key [z] is not permitted"],
    [property({ type: "string" }), { a: 1 }, "#/a: expected type: String, found: Integer"],
    [property({ type: "string" }), { a: 1e10 }, "#/a: expected type: String, found: Long"],
    [property({ type: "string" }), { a: 1.5 }, "#/a: expected type: String, found: Double"],
    [property({ type: "string" }), { a: null }, "#/a: expected type: String, found: Null"],
    [property({ type: "string" }), { a: {} }, "#/a: expected type: String, found: JSONObject"],
    [property({ type: "object" }), { a: [] }, "#/a: expected type: JSONObject, found: JSONArray"],
    [property({ type: "array" }), { a: true }, "#/a: expected type: JSONArray, found: Boolean"],
    [property({ type: "boolean" }), { a: "x" }, "#/a: expected type: Boolean, found: String"],
    [property({ type: "null" }), { a: "x" }, "#/a: expected: null, found: String"],
    [property({ type: "integer" }), { a: "one" }, "#/a: expected type: Number, found: String"],
    [property({ type: "integer" }), { a: 1.5 }, "#/a: expected type: Integer, found: Double"],
    [property({ type: "number", minimum: 1 }), { a: "x" }, "#/a: expected type: Number, found: String"],
    [
      property({ type: "integer", minimum: 5, multipleOf: 2 }),
      { a: 1.5 },
      "#/a: expected type: Integer, found: Double",
    ],
    [property({ minimum: 1 }), { a: 0 }, "#/a: 0 is not greater or equal to 1"],
    [property({ minimum: 1, exclusiveMinimum: true }), { a: 1 }, "#/a: 1 is not greater than 1"],
    [property({ maximum: 1 }), { a: 1.5 }, "#/a: 1.5 is not less or equal to 1"],
    [{ ...DRAFT_6, ...property({ exclusiveMaximum: 1 }) }, { a: 1 }, "#/a: 1 is not less than 1"],
    [property({ multipleOf: 5 }), { a: 7 }, "#/a: 7 is not a multiple of 5"],
    [property({ minLength: 2 }), { a: "😀" }, "#/a: expected minLength: 2, actual: 1"],
    [property({ maxLength: 2 }), { a: "abc" }, "#/a: expected maxLength: 2, actual: 3"],
    [property({ pattern: "^b" }), { a: "ab" }, "#/a: string [ab] does not match pattern ^b"],
    [property({ enum: ["C", "U"] }), { a: "X" }, "#/a: X is not a valid enum value"],
    [property({ items: [{}], additionalItems: false }), { a: [1, 2] }, "#/a: expected: [1] array items, found: [2]"],
    [property({ minItems: 2 }), { a: [1] }, "#/a: expected minimum item count: 2, found: 1"],
    [property({ maxItems: 0 }), { a: [1] }, "#/a: expected maximum item count: 0, found: 1"],
    [
      property({ uniqueItems: true }),
      {
        a: [
          { x: 1, y: 2 },
          { y: 2, x: 1 },
        ],
      },
      "#/a: array items are not unique",
    ],
    [{ minProperties: 1 }, {}, "#: minimum size: [1], found: [0]"],
    [{ maxProperties: 0 }, { a: 1 }, "#: maximum size: [0], found: [1]"],
    [{ dependencies: { a: ["b"] } }, { a: 1 }, "#: property [b] is required"],
    [{ not: {} }, {}, "#: subject must not be valid against schema {}"],
    [property(false), { a: 1 }, "#/a: false schema always fails"],
    [property({ items: false }), { a: [1] }, "#/a/0: false schema always fails"],
    [{ ...DRAFT_7, ...property(false) }, { a: 1 }, "#/a: false schema always fails"],
    [property({ items: { type: "string" } }), { a: ["x", 1] }, "#/a/1: expected type: String, found: Integer"],
    [{ additionalProperties: { type: "string" } }, { "a/b~c": 1 }, "#/a~1b~0c: expected type: String, found: Integer"],
    [{ ...DRAFT_6, propertyNames: { maxLength: 1 } }, { ab: 1 }, "#/ab: expected maxLength: 1, actual: 2"],
    [
      { ...DRAFT_6, ...property({ contains: { type: "string" } }) },
      { a: [1, 2] },
      "#/a: expected at least one array item to match 'contains' schema",
    ],
    [
      property({ format: "date-time" }),
      { a: "yesterday" },
      "#/a: must be a valid date-time Text 'yesterday' could not be parsed at index 0",
    ],
    [property({ format: "ipv4" }), { a: "1.2.3" }, "#/a: [1.2.3] is not a valid ipv4 address"],
  ])("%j", async (schema, event, sentence) => {
    expect(await faultOf(schema, event)).toBe(sentence);
  });

  test("several faults are counted, and those of one place stand together", async () => {
    const schema = {
      properties: {
        order: { type: "string" },
        count: { type: "integer", minimum: 1 },
        at: { required: ["x", "y"] },
      },
      required: ["order", "count", "place"],
    };
    expect(await faultOf(schema, { order: 5, count: 0, at: {} })).toBe(
      [
        "#: 5 schema violations found",
        "#: required key [place] not found",
        "#/at: 2 schema violations found",
        "#/at: required key [x] not found",
        "#/at: required key [y] not found",
        "#/count: 0 is not greater or equal to 1",
        "#/order: expected type: String, found: Integer",
      ].join("\n"),
    );
  });

  test("a combination comes before what it consists of", async () => {
    const schema = property({
      anyOf: [{ type: "string" }, { required: ["x", "y"], type: "object" }],
    });
    expect(await faultOf(schema, { a: {} })).toBe(
      [
        "#/a: no subschema matched out of the total 2 subschemas",
        "#/a: expected type: String, found: JSONObject",
        "#/a: 2 schema violations found",
        "#/a: required key [x] not found",
        "#/a: required key [y] not found",
      ].join("\n"),
    );
    expect(await faultOf({ oneOf: [{}, {}] }, {})).toBe("#: 2 subschemas matched instead of one");
    const conditional = JSON.parse('{"if":{},"then":{"required":["a"]}}') as JsonObject;
    expect(await faultOf({ ...DRAFT_7, ...conditional }, {})).toBe(
      '#: input is invalid against the "then" schema\n#: required key [a] not found',
    );
  });

  test("what has thousands of faults is described in bounded space", async () => {
    const items = Array.from({ length: 100_000 }, () => 1);
    const text = await faultOf(property({ items: { type: "string" } }), { a: items });
    expect(text?.split("\n").length).toBeLessThan(1_000);
  });
});

describe("accepts what the server's validator accepts", () => {
  test.each<[JsonObject, unknown]>([
    [{}, {}],
    [property({ multipleOf: 0.1 }), { a: 0.3 }],
    [property({ multipleOf: 1e-300 }), { a: 1e300 }],
    [property({ format: "unknown-to-all" }), { a: "x" }],
    [property({ format: "date" }), { a: "draft 4 does not know this format" }],
    [property({ format: "ISO-4217" }), { a: "EUR" }],
    [property({ format: "iso-4217" }), { a: "USD" }],
    [property({ const: 1, if: { type: "string" }, contains: {} }), { a: 2 }],
    [{ ...DRAFT_6, ...(JSON.parse('{"if":{},"then":false}') as JsonObject) }, { a: 1 }],
    [property({ type: "integer", nullable: true }), { a: 1 }],
    [{ $async: true }, {}],
    [property({ pattern: "\\d" }), { a: "a1" }],
    [{ required: [] }, {}],
    [property({ $ref: "#" }), { a: { a: {} } }],
    [{ $ref: "#/definitions/d", definitions: { d: { type: "object" } } }, {}],
  ])("%j", async (schema, event) => {
    expect(await faultOf(schema, event)).toBeUndefined();
  });

  test.each<[JsonObject, unknown]>([
    [property({ multipleOf: 0.1 }), { a: 0.35 }],
    [property({ format: "ISO-4217" }), { a: "eur" }],
    [{ ...DRAFT_7, ...property({ format: "date" }) }, { a: "2026-13-01" }],
    [property({ type: "integer", nullable: true }), { a: null }],
    [{ ...DRAFT_7, ...property({ const: 1 }) }, { a: 2 }],
    [property({ pattern: "^.$" }), { a: "\n" }],
  ])("and not %j", async (schema, event) => {
    expect(await faultOf(schema, event)).toBeDefined();
  });
});

test("1.0 is a number, not an integer", async () => {
  const event = { a: 1, list: [2] };
  const doubles = new Map<object, Set<string | number>>([
    [event, new Set(["a"])],
    [event.list, new Set([0])],
  ]);
  const schema = {
    properties: { a: { type: "integer" }, list: { items: { type: ["string", "integer"] } } },
  };
  const validator = await validators.of(JSON.stringify(schema));
  expect(validator.tellsWholeNumbers).toBe(true);
  expect(validator.faultOf(event)).toBeUndefined();
  expect(validator.faultOf(event, doubles)).toBe(
    "#: 2 schema violations found\n#/a: expected type: Integer, found: Double\n#/list/0: expected type: Integer, found: Double",
  );
  const number = await validators.of(JSON.stringify({ properties: { a: { type: ["integer", "number"] } } }));
  expect(number.tellsWholeNumbers).toBe(false);
  expect(number.faultOf(event, doubles)).toBeUndefined();
});

describe("hostile schemas", () => {
  test("that refer to themselves without end make the event fail, not the process", async () => {
    let deep: JsonObject = {};
    for (let level = 0; level < 100_000; level++) deep = { a: deep };
    expect(await faultOf(property({ $ref: "#" }), deep)).toMatch(/nested too deeply/);
    expect(await faultOf({ $ref: "#" }, {})).toMatch(/nested too deeply/);
  });

  test("that multiply their work with each level are cut short", async () => {
    let nested: JsonObject = {};
    for (let level = 0; level < 60; level++) nested = { a: nested };
    expect(await faultOf(property({ allOf: [{ $ref: "#" }, { $ref: "#" }] }), nested)).toMatch(/too many references/);
  });

  test("with patterns that take other engines exponential time are matched in linear time", async () => {
    expect(await faultOf(property({ pattern: "^(a+)+$" }), { a: `${"a".repeat(100_000)}b` })).toMatch(/does not match/);
    expect(await faultOf({ patternProperties: { "(x+x+)+y": false } }, { ["x".repeat(10_000)]: 1 })).toBeUndefined();
  });

  test("with thousands of properties compile", async () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `p${index}`);
    const schema = { properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])) };
    expect(await faultOf(schema, Object.fromEntries(names.map((name) => [name, "x"])))).toBeUndefined();
    expect(await faultOf(schema, { p4999: 1 })).toBe("#/p4999: expected type: String, found: Integer");
  });

  test("that cannot be compiled throw an error of their own", async () => {
    await expect(validators.of('{"$ref":"#/definitions/none"}')).rejects.toThrow(SchemaCompileError);
    const deep = `${'{"properties":{"a":'.repeat(5_000)}{}${"}}".repeat(5_000)}`;
    await expect(validators.of(deep)).rejects.toThrow("it is too large or nests too deeply");
  });

  test("cannot reach into one another by their ids", async () => {
    const id = "http://example.org/shared";
    expect(await faultOf({ id, required: ["a"] }, {})).toBeDefined();
    await expect(validators.of(JSON.stringify({ $ref: id }))).rejects.toThrow(SchemaCompileError);
    expect(await faultOf({ id, required: ["b"] }, { b: 1 })).toBeUndefined();
  });
});

test("a validator is compiled once", () => {
  expect(validators.of("{}")).toBe(validators.of("{}"));
});

describe("metadata", () => {
  const EID = "7b7c7100-0559-11e6-a837-0800200c9a66";
  const schema = effectiveSchema(
    {},
    { name: "et", category: "business", cleanup_policy: "delete", compatibility_mode: "forward" },
  );
  const UUID = "^[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$";

  test.each([
    [{ eid: "not-an-id" }, `#/metadata/eid: string [not-an-id] does not match pattern ${UUID}`],
    [{ event_type: "another" }, "#/metadata/event_type: another is not a valid enum value"],
    [{ received_at: "2026-01-02T03:04:05.000Z" }, "#/metadata: extraneous key [received_at] is not permitted"],
    [{ parent_eids: ["x"] }, `#/metadata/parent_eids/0: string [x] does not match pattern ${UUID}`],
    [{ flow_id: 1 }, "#/metadata/flow_id: expected type: String, found: Integer"],
    [{ span_ctx: { a: 1 } }, "#/metadata/span_ctx/a: expected type: String, found: Integer"],
    [{ event_type: "et", parent_eids: [EID], flow_id: "f", partition: "7", span_ctx: { a: "b" } }, undefined],
    [{ eid: EID.toUpperCase() }, undefined],
  ])("%j", async (change, sentence) => {
    expect(
      await faultOf(schema, {
        metadata: { eid: EID, occurred_at: "2026-01-02T03:04:05Z", ...change },
      }),
    ).toBe(sentence);
  });
});
