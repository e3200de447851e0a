import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { effectiveSchema } from "./effective-schema.ts";
import type { EffectiveSchemaInput } from "./effective-schema.ts";
import { everySchema } from "./json-schema.ts";
import type { JsonObject } from "./json-schema.ts";

const LOOSE: EffectiveSchemaInput = {
  name: "et",
  category: "undefined",
  cleanup_policy: "delete",
  compatibility_mode: "forward",
};
const STRICT: EffectiveSchemaInput = { ...LOOSE, compatibility_mode: "compatible" };

describe("undefined events", () => {
  test("are held against the schema as it is", () => {
    const schema = { type: "object", properties: { a: {} } };
    expect(effectiveSchema(schema, LOOSE)).toEqual(schema);
  });
});

describe("business events", () => {
  const business: EffectiveSchemaInput = { ...LOOSE, category: "business" };

  test("are objects with metadata", () => {
    const effective = effectiveSchema({ required: ["a"], properties: { a: {} }, additionalProperties: true }, business);
    expect(effective).toMatchObject({
      type: "object",
      properties: {
        a: {},
        metadata: { type: "object", additionalProperties: false, required: ["eid", "occurred_at"] },
      },
      additionalProperties: true,
    });
    expect(effective["required"]).toEqual(expect.arrayContaining(["a", "metadata"]));
  });

  test("name their own event type", () => {
    expect(effectiveSchema({}, business)).toHaveProperty("properties.metadata.properties.event_type.enum", ["et"]);
  });

  test.each(["compact", "compact_and_delete"] as const)(
    "need a key if they are compacted (%s), and have none else",
    (cleanup_policy) => {
      const key = "properties.metadata.properties.partition_compaction_key";
      const compacted = effectiveSchema({}, { ...business, cleanup_policy });
      expect(compacted).toHaveProperty(key, { type: "string", minLength: 1 });
      expect(compacted).toHaveProperty("properties.metadata.required", [
        "eid",
        "occurred_at",
        "partition_compaction_key",
      ]);
      expect(effectiveSchema({}, business)).not.toHaveProperty(key);
    },
  );
});

test("data change events wrap the schema and hoist its definitions", () => {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    definitions: { d: {} },
    properties: { a: { $ref: "#/definitions/d" } },
  };
  const effective = effectiveSchema(schema, { ...LOOSE, category: "data" });
  expect(effective).toMatchObject({
    $schema: schema.$schema,
    type: "object",
    additionalProperties: false,
    definitions: { d: {} },
    properties: {
      data_type: { type: "string" },
      data_op: { type: "string", enum: ["C", "U", "D", "S"] },
      data: { properties: schema.properties },
    },
  });
  expect(Object.keys(effective["properties"] as object)).toEqual(["metadata", "data_type", "data_op", "data"]);
  expect((effective["required"] as string[]).toSorted()).toEqual(["data", "data_op", "data_type", "metadata"]);
  expect(effective).not.toHaveProperty("properties.data.definitions");
});

describe("compatible mode closes", () => {
  test.each<[JsonObject, JsonObject]>([
    [{}, { additionalProperties: false }],
    [{ title: "x" }, { title: "x", additionalProperties: false }],
    [{ type: "object" }, { type: "object", additionalProperties: false }],
    [{ type: ["null", "object"] }, { type: ["null", "object"], additionalProperties: false }],
    [
      { minProperties: 1, additionalProperties: true },
      { minProperties: 1, additionalProperties: false },
    ],
    [{ type: "string" }, { type: "string" }],
    [{ $ref: "#/definitions/a" }, { $ref: "#/definitions/a" }],
    [{ type: "array" }, { type: "array", additionalItems: false }],
    [{ minItems: 1 }, { minItems: 1, additionalItems: false }],
    [{ items: [{}] }, { items: [{ additionalProperties: false }], additionalItems: false }],
    [{ items: { type: "object" } }, { items: { type: "object", additionalProperties: false }, additionalItems: false }],
    [{ oneOf: [{}, { type: "integer" }] }, { oneOf: [{ additionalProperties: false }, { type: "integer" }] }],
    [
      { definitions: { a: {} }, type: "object" },
      {
        definitions: { a: { additionalProperties: false } },
        type: "object",
        additionalProperties: false,
      },
    ],
    [
      { dependencies: { a: {}, b: ["c"] }, type: "string" },
      { dependencies: { a: { additionalProperties: false }, b: ["c"] }, type: "string" },
    ],
    [
      { patternProperties: { x: {} }, type: "string" },
      { patternProperties: { x: {} }, type: "string" },
    ],
  ])("%j", (schema, strict) => {
    expect(effectiveSchema(schema, STRICT)).toEqual(strict);
  });

  const schemas = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<JsonObject>({}, { type: "string" }, { type: "object" }, { type: "array" }, { $ref: "#" }),
      fc.record(
        {
          properties: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("schema"), {
            noNullPrototype: true,
          }),
          items: fc.oneof(tie("schema"), fc.array(tie("schema"), { maxLength: 2 })),
          anyOf: fc.array(tie("schema"), { maxLength: 2 }),
          additionalProperties: fc.boolean(),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
    ),
  })).schema;

  test("every subschema with properties, once and for all, and leaves the schema alone", () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const before = JSON.stringify(schema);
        const strict = effectiveSchema(schema, STRICT);
        expect(JSON.stringify(schema)).toBe(before);
        expect(effectiveSchema(strict, STRICT)).toEqual(strict);
        for (const { schema: part } of everySchema(strict)) {
          if (Object.hasOwn(part, "properties")) expect(part["additionalProperties"]).toBe(false);
          if (Object.hasOwn(part, "items")) expect(part["additionalItems"]).toBe(false);
        }
      }),
    );
  });
});
