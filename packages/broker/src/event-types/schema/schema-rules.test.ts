import { beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../limits.ts";
import { loadPatterns } from "./pattern.ts";
import { readJsonSchema } from "./schema-rules.ts";

beforeAll(loadPatterns);

const FORWARD = { category: "undefined", compatibility_mode: "forward" } as const;
const read = (schema: string, rules: Parameters<typeof readJsonSchema>[1] = FORWARD): unknown =>
  readJsonSchema(schema, rules, DEFAULT_LIMITS);

const DRAFT_7 = '"$schema":"http://json-schema.org/draft-07/schema#"';

describe("refuses", () => {
  test.each([
    ["", "schema must be a valid json: Unexpected end of data at pos 0"],
    ["{", "schema must be a valid json: Unexpected end of data at pos 1"],
    ["[]", /^schema must be a valid json: /],
    ["{} {}", "schema must be a valid json: Unexpected symbol '{' at pos 4"],
    ['{"type":"object","type":"object"}', 'schema must be a valid json: Duplicate key "type"'],
    ['{"type":"nonsense"}', '"type" of root element in schema can only be "object"'],
    ['{"type":"array"}', '"type" of root element in schema can only be "object"'],
    ['{"type":["object"]}', 'schema must be a valid json: JSONObject["type"] not a string.'],
    ['{"$schema":"http://example.org/schema"}', "schema must be a valid json-schema: #: could not determine version"],
    [
      '{"properties":{"a":{"type":"text"}}}',
      "schema must be a valid json-schema: #/properties/a: unknown type: [text]",
    ],
    [
      '{"properties":[]}',
      "schema must be a valid json-schema: #/properties: expected type: JsonObject, found: JsonArray",
    ],
    [
      '{"properties":{"a/b":{"maxLength":"1"}}}',
      "schema must be a valid json-schema: #/properties/a~1b/maxLength: expected type: Integer, found: String",
    ],
    ['{"required":[1]}', "schema must be a valid json-schema: #/required: expected type: String, found: Integer"],
    [
      '{"properties":{"a":1}}',
      "schema must be a valid json-schema: #/properties: expected type: JsonObject, found: Integer",
    ],
    ['{"title":5}', "schema must be a valid json-schema: #/title: expected type: String, found: Integer"],
    [
      '{"properties":{"a":{"description":["x"]}}}',
      "schema must be a valid json-schema: #/properties/a/description: expected type: String, found: JsonArray",
    ],
    [
      '{"properties":{"a":{"title":null}}}',
      "schema must be a valid json-schema: #/properties/a/title: expected type: String, found: Null",
    ],
    [
      '{"exclusiveMinimum":1}',
      "schema must be a valid json-schema: #/exclusiveMinimum: expected type: Boolean, found: Integer",
    ],
    [
      `{${DRAFT_7},"exclusiveMinimum":true}`,
      "schema must be a valid json-schema: #/exclusiveMinimum: expected type: Number, found: Boolean",
    ],
    ['{"multipleOf":0}', "schema must be a valid json-schema: #/multipleOf: must be greater than 0"],
    ['{"allOf":[1]}', "schema must be a valid json-schema: #/allOf: expected type: JsonObject, found: Integer"],
    [
      '{"properties":{"a":{"$ref":"http://example.org/s.json#/a"}}}',
      "external url reference is not supported: http://example.org/s.json",
    ],
    [
      '{"not":{"items":{"$ref":"https://example.org/s"}}}',
      "external url reference is not supported: https://example.org/s",
    ],
    ['{"properties":{"a":{"$ref":"other.json#/x"}}}', "external url reference is not supported: other.json"],
    ['{"properties":{"a":{"$ref":""}}}', "external url reference is not supported: "],
    [
      '{"properties":{"a":{"pattern":"(?=x)y"}}}',
      'invalid regex pattern in the schema: invalid or unsupported Perl syntax "(?="',
    ],
    [
      '{"patternProperties":{"a**":{}}}',
      'invalid regex pattern in the schema: invalid nested repetition operator "**"',
    ],
    [
      JSON.stringify({ allOf: Array.from({ length: 31 }, (_, n) => ({ pattern: `${n}a{995}` })) }),
      "invalid regex pattern in the schema: all patterns together have more than 30000 steps",
    ],
    [`{"title":"${"x".repeat(200_000)}"}`, "schema must not be longer than 200000 characters"],
    ['{"a":'.repeat(5_000), "schema must be a valid json: Nested deeper than 1000 levels at pos 5001"],
  ])("%.80s", (schema, detail) => {
    expect(() => read(schema)).toThrow(expect.objectContaining({ status: 422 }));
    expect(() => read(schema)).toThrow(detail);
  });

  test.each([
    ['{"properties":{"b":{},"a":false}}', 'JSONObject["a"]'],
    ['{"definitions":{"a":true}}', 'JSONObject["a"]'],
    ['{"dependencies":{"a":["b"]}}', 'JSONObject["a"]'],
    ['{"properties":{"a":{"anyOf":[{},true]}}}', "JSONArray[1]"],
    ['{"properties":{"a":{"items":[false]}}}', "JSONArray[0]"],
  ])("in mode compatible what has no place to forbid anything: %s", (schema, named) => {
    const compatible = { category: "undefined", compatibility_mode: "compatible" } as const;
    expect(() => read(schema, compatible)).toThrow(`schema must be a valid json: ${named} is not a JSONObject.`);
    expect(() => read(schema)).not.toThrow();
    expect(() => read(schema, { category: "undefined", compatibility_mode: "none" })).not.toThrow();
  });

  test("metadata in a business schema, also behind references and combinations", () => {
    const business = { category: "business", compatibility_mode: "forward" } as const;
    for (const schema of [
      '{"properties":{"metadata":{}}}',
      '{"allOf":[{"properties":{"metadata":{}}}]}',
      '{"$ref":"#/definitions/a","definitions":{"a":{"anyOf":[{"properties":{"metadata":{}}}]}}}',
    ]) {
      expect(() => read(schema, business)).toThrow('"metadata" property is reserved');
      expect(() => read(schema)).not.toThrow();
      expect(() => read(schema, { category: "data", compatibility_mode: "forward" })).not.toThrow();
    }
  });

  test("references that lead in circles or multiply do not keep it busy", () => {
    const definitions: Record<string, unknown> = { a0: { $ref: "#/definitions/a0" } };
    for (let level = 1; level < 60; level++) {
      const below = { $ref: `#/definitions/a${level - 1}` };
      definitions[`a${level}`] = { allOf: [below, below] };
    }
    const schema = JSON.stringify({ definitions, $ref: "#/definitions/a59" });
    expect(() => read(schema, { category: "business", compatibility_mode: "forward" })).not.toThrow();
  });
});

describe("compatible mode knows fewer words", () => {
  const compatible = { category: "undefined", compatibility_mode: "compatible" } as const;

  test("and names each that it does not know, with its place", () => {
    const schema = '{"properties":{"foo":{"not":{}},"bar":{"items":[{"const":1}]}},"additionalItems":true,"x":1}';
    expect(() => read(schema, compatible)).toThrow(
      "Invalid schema: Invalid schema found in [#]: extraneous key [additionalItems] is not permitted, " +
        "Invalid schema found in [#]: extraneous key [x] is not permitted, " +
        "Invalid schema found in [#/properties/foo]: extraneous key [not] is not permitted, " +
        "Invalid schema found in [#/properties/bar/items/0]: extraneous key [const] is not permitted",
    );
    expect(() => read(schema)).not.toThrow();
  });

  test("but takes any name as a property", () => {
    expect(() =>
      read('{"properties":{"not":{"type":"string"},"if":{}},"patternProperties":{"^x":{}}}', compatible),
    ).not.toThrow();
  });
});

test.each([
  "{}",
  '{"type":"object","required":[],"enum":[]}',
  '{"properties":{"a":{"type":["string","null"]}}}',
  `{${DRAFT_7},"properties":{"a":true},"if":false}`,
  '{"const":{"type":7},"if":"no keyword of draft 4"}',
  '{"example":{"type":"nonsense","$ref":"http://example.org"},"default":{"pattern":"("}}',
  '{"properties":{"$ref":{"type":"string"},"pattern":{"type":"string"}}}',
])("takes %s", (schema) => {
  expect(read(schema)).toEqual(JSON.parse(schema));
});
