import type { CompatibilityMode } from "nakadi-protocol";
import { describe, expect, test } from "vitest";
import { evolvedVersion } from "./schema-evolution.ts";
import { schemaMeaning } from "../schema/schema-rules.ts";

const json = (schema: unknown): { type: "json_schema"; schema: string } => ({
  type: "json_schema",
  schema: typeof schema === "string" ? schema : JSON.stringify(schema),
});
const avro = (schema: string): { type: "avro_schema"; schema: string } => ({ type: "avro_schema", schema });

interface Change {
  mode?: CompatibilityMode;
  to?: CompatibilityMode;
  version?: string;
}

function evolve(
  before: { type: "json_schema" | "avro_schema"; schema: string },
  after: { type: "json_schema" | "avro_schema"; schema: string },
  { mode = "forward", to = mode, version = "1.0.0" }: Change = {},
): string {
  const schema = { ...before, version, created_at: "2026-01-02T00:00:00.000Z" };
  return evolvedVersion({ schema, compatibility_mode: mode }, { schema: after, compatibility_mode: to });
}

const BASE = { properties: { a: { type: "string" } } };
const ADDED = { properties: { a: { type: "string" }, b: {} } };
const MORE_REQUIRED = { ...BASE, required: ["a"] };
const NARROWED = { ...BASE, additionalProperties: { type: "string" } };
const CLOSED = { ...BASE, additionalProperties: false };
const RETYPED = { properties: { a: { type: "integer" } } };

describe("the level of a change", () => {
  test.each<[name: string, before: unknown, after: unknown, mode: CompatibilityMode, version: string]>([
    ["the same text", BASE, BASE, "forward", "2.3.4"],
    ["another text that says the same", '{"a":1}', '{ "a": 1 }', "forward", "2.3.5"],
    ["a format", { format: "email" }, { format: "uri" }, "compatible", "2.3.5"],
    ["a title", { title: "a" }, { title: "b" }, "compatible", "2.3.5"],
    ["a property", BASE, ADDED, "compatible", "2.4.0"],
    ["a property, and a title", BASE, { ...ADDED, title: "b" }, "forward", "2.4.0"],
    ["a required property", BASE, MORE_REQUIRED, "forward", "2.4.0"],
    ["a required property", BASE, MORE_REQUIRED, "none", "2.4.0"],
    ["additional properties of one kind", BASE, NARROWED, "forward", "2.4.0"],
    ["a type where there was none", { properties: { a: {} } }, BASE, "forward", "2.4.0"],
    ["another type", BASE, RETYPED, "none", "3.0.0"],
  ])("%s: from %j to %j in mode %s makes %s", (_name, before, after, mode, version) => {
    expect(evolve(json(before), json(after), { mode, version: "2.3.4" })).toBe(version);
  });
});

describe("what is refused", () => {
  test.each<[before: unknown, after: unknown, mode: CompatibilityMode, fault: string]>([
    [ADDED, BASE, "forward", "#/properties/b: schema properties cannot be removed"],
    [BASE, RETYPED, "compatible", "#/properties/a: schema types must be the same"],
    [{ properties: { a: {} } }, BASE, "compatible", "#/properties/a: schema types cannot be narrowed"],
    [BASE, MORE_REQUIRED, "compatible", "#/required: required array changed"],
    [MORE_REQUIRED, BASE, "forward", "#/required: required array changed"],
    [BASE, NARROWED, "compatible", "#/additionalProperties: change not allowed"],
    [BASE, CLOSED, "forward", "#/additionalProperties: change not allowed"],
    [{ id: "a" }, { id: "b" }, "forward", "#/: null"],
    [{ maxProperties: 1 }, {}, "forward", "#/maxProperties: change to attribute value not allowed"],
    [{ anyOf: [{}] }, { allOf: [{}] }, "forward", "#/: schema composition method changed"],
    [{ anyOf: [{}] }, { anyOf: [{}, {}] }, "forward", "#/: sub schema changed"],
    [{ dependencies: { a: ["b"] } }, {}, "forward", "#/dependencies/a: schema dependencies array cannot be changed"],
    [{ dependencies: { a: {} } }, {}, "forward", "#/dependencies: schema dependencies cannot be changed"],
    [
      { properties: { a: { items: [{}] } } },
      { properties: { a: { items: [{}, {}] } } },
      "forward",
      "#/properties/a: the number of schema items cannot be changed",
    ],
    [
      { properties: { a: { enum: [1] }, b: {} } },
      { properties: { a: { enum: [2] } } },
      "forward",
      "#/properties/a/enum: enum array changed, #/properties/b: schema properties cannot be removed",
    ],
  ])("from %j to %j in mode %s: %s", (before, after, mode, fault) => {
    expect(() => evolve(json(before), json(after), { mode })).toThrow(
      expect.objectContaining({ status: 422, message: `Invalid schema: ${fault}` }),
    );
  });

  test("more than the time allows to compare", () => {
    const properties = (n: number): object =>
      Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, { $ref: `#/definitions/d${n}` }]));
    const definitions = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`d${n}`, { properties: properties(n + 1) }]),
    );
    const bomb = { definitions, properties: properties(0) };
    expect(() => evolve(json(bomb), json({ ...bomb, title: "x" }))).toThrow(expect.objectContaining({ status: 422 }));
  });
});

describe("from forward to compatible", () => {
  test.each([
    [ADDED, "1.1.0"],
    [MORE_REQUIRED, "1.1.0"],
    [CLOSED, "2.0.0"],
    [{ ...BASE, title: "x", description: "y" }, "1.0.1"],
  ])("allows %j", (after, version) => {
    expect(evolve(json(BASE), json(after), { mode: "forward", to: "compatible" })).toBe(version);
  });

  test("forbids what forward alone would allow", () => {
    expect(() => evolve(json(BASE), json(NARROWED), { mode: "forward", to: "compatible" })).toThrow(
      "Invalid schema: #/additionalProperties: change not allowed",
    );
  });

  test("from none, the old mode counts", () => {
    expect(evolve(json(BASE), json(RETYPED), { mode: "none", to: "compatible" })).toBe("2.0.0");
  });
});

describe("Avro", () => {
  const RECORD = '{"type":"record","name":"r","fields":[]}';

  test("follows JSON without a look at it, and never goes back", () => {
    expect(evolve(json(BASE), avro(RECORD), { mode: "compatible", version: "1.2.3" })).toBe("2.0.0");
    expect(() => evolve(avro(RECORD), json(BASE), { mode: "none" })).toThrow(
      expect.objectContaining({ status: 422, message: "Cannot change from avro_schema to json_schema!" }),
    );
  });

  test("is another version if it says something else", () => {
    expect(evolve(avro(RECORD), avro('{"name":"r", "type":"record", "fields":[]}'))).toBe("1.0.0");
    expect(evolve(avro(RECORD), avro('"string"'), { mode: "none" })).toBe("2.0.0");
  });
});

const sameSchema = (a: Parameters<typeof schemaMeaning>[0], b: typeof a): boolean =>
  schemaMeaning(a, 9) === schemaMeaning(b, 9);

test("two schemas are the same whatever the order of their members, and leading zeros are tolerated", () => {
  expect(sameSchema(json('{"a":1,"b":[1,2]}'), json('{"b":[1,2],"a":01}'))).toBe(true);
  expect(sameSchema(json('{"a":[1,2]}'), json('{"a":[2,1]}'))).toBe(false);
  expect(sameSchema(json('{"type":"string"}'), avro('{"type":"string"}'))).toBe(false);
});
