import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../schema/json-schema.ts";
import { schemaChanges, SchemaDiffCostError } from "./schema-diff.ts";

const texts = (before: JsonObject, after: JsonObject): string[] =>
  schemaChanges(before, after).map(({ kind, path }) => `${path} ${kind}`);
/** The two as the schema of a property. */
const inside = (before: unknown, after: unknown): string[] =>
  texts({ properties: { a: before } }, { properties: { a: after } }).map((text) => text.replace("#/properties/a", "a"));

describe("objects", () => {
  test.each<[JsonObject, JsonObject, string[]]>([
    [{}, {}, []],
    [{ properties: { a: {}, b: {} } }, { properties: { b: {} } }, ["#/properties/a property-removed"]],
    [{ properties: { a: {} } }, { properties: { a: {}, b: {} } }, ["#/properties property-added"]],
    [{ properties: { a: {} } }, { properties: { b: {} } }, ["#/properties/a property-removed"]],
    [
      { properties: { a: {} } },
      { properties: { b: {}, c: {} } },
      ["#/properties/a property-removed", "#/properties property-added"],
    ],
    [{ required: ["a"] }, { required: ["b", "a"] }, ["#/required required-extended"]],
    [{ required: ["a", "b"] }, { required: ["b"] }, ["#/required required-changed"]],
    [{ required: ["a"] }, { required: ["b"] }, ["#/required required-changed"]],
    [{ title: "a" }, { title: "b" }, ["#/ title-changed"]],
    [{ description: "a" }, {}, ["#/ description-changed"]],
    [{ id: "a" }, { id: "b" }, ["#/ id-changed"]],
    [
      { maxProperties: 1 },
      { minProperties: 1 },
      ["#/maxProperties attribute-changed", "#/minProperties attribute-changed"],
    ],
    [{}, { additionalProperties: false }, ["#/additionalProperties additional-properties-changed"]],
    [{ additionalProperties: true }, {}, []],
    [{}, { additionalProperties: {} }, ["#/additionalProperties additional-properties-narrowed"]],
    [{ additionalProperties: {} }, {}, ["#/additionalProperties schema-appeared-or-gone"]],
    [
      { additionalProperties: { type: "string" } },
      { additionalProperties: { type: "number" } },
      ["#/additionalProperties type-changed"],
    ],
    [{ dependencies: { a: ["b"] } }, { dependencies: { a: ["c"] } }, ["#/dependencies/a dependency-array-changed"]],
    [{ dependencies: { a: ["b", "c"] } }, { dependencies: { a: ["c", "b"] } }, []],
    [{}, { dependencies: { a: ["b"] } }, []],
    [{ dependencies: { a: {} } }, {}, ["#/dependencies dependency-schemas-changed"]],
    [
      { dependencies: { a: { title: "x" } } },
      { dependencies: { a: { title: "y" } } },
      ["#/dependencies/a title-changed"],
    ],
    [{ patternProperties: { a: {} } }, { properties: {} }, []],
  ])("from %j to %j", (before, after, changes) => {
    expect(texts(before, after)).toEqual(changes);
  });

  test("are compared in the order of the server's own maps", () => {
    const properties = Object.fromEntries(["b", "a", "p"].map((name) => [name, {}]));
    expect(texts({ properties }, {})).toEqual(["p", "a", "b"].map((name) => `#/properties/${name} property-removed`));
  });
});

describe("values", () => {
  test.each<[unknown, unknown, string[]]>([
    [{ type: "string" }, { type: "integer" }, ["a type-changed"]],
    [{ type: "integer" }, { type: "number" }, []],
    [{}, { type: "string" }, ["a type-narrowed"]],
    [{ title: "x" }, { type: "string" }, ["a type-narrowed"]],
    [{}, { type: "object" }, []],
    [{ type: "object" }, {}, []],
    [{ type: "string" }, {}, ["a type-changed"]],
    [{ minLength: 1 }, { type: "string", minLength: 1 }, []],
    [{ type: "string", maxLength: 1, minLength: 1 }, { type: "string" }, ["a/maxLength attribute-changed"]],
    [{ type: "string", minLength: 1 }, { type: "string" }, ["a/minLength attribute-changed"]],
    [{ type: "string", pattern: "a" }, { type: "string", pattern: "b" }, ["a/pattern attribute-changed"]],
    [{ type: "string", pattern: "a" }, { type: "string" }, []],
    [{ type: "string", format: "email" }, { type: "string" }, []],
    [{ type: "number", maximum: 1, minimum: 1 }, { type: "number" }, ["a/maximum attribute-changed"]],
    [{ type: "number", multipleOf: 1 }, { type: "number", multipleOf: 2 }, ["a/multipleOf attribute-changed"]],
    [{ type: "number", exclusiveMaximum: true }, { type: "number" }, []],
    [{ enum: ["x", "y"] }, { enum: ["y", "x"] }, []],
    [{ enum: ["x", "y"] }, { enum: ["x"] }, ["a/enum enum-changed"]],
    [{ enum: [{ b: 1, c: 2 }] }, { enum: [{ c: 2, b: 1 }] }, []],
    [{ type: "string", enum: ["x"] }, { type: "integer", enum: ["x"] }, []],
    [{ type: "string" }, { type: "string", enum: ["x"] }, ["a type-changed"]],
    [{ not: {} }, { not: { type: "string" } }, []],
    [{ type: "boolean" }, { type: "null" }, ["a type-changed"]],
  ])("from %j to %j", (before, after, changes) => {
    expect(inside(before, after)).toEqual(changes);
  });
});

describe("arrays", () => {
  test.each<[unknown, unknown, string[]]>([
    [{ items: { type: "string" } }, { items: { type: "number" } }, ["a/items type-changed"]],
    [{ items: {} }, { type: "array" }, ["a/items schema-appeared-or-gone"]],
    [{ items: [{}, {}] }, { items: [{}] }, ["a items-counted-differently"]],
    [{ items: [{ title: "x" }] }, { items: [{ title: "y" }] }, ["a/items/0 title-changed"]],
    [{ items: [{}], additionalItems: false }, { items: [{}] }, ["a/additionalItems additional-items-changed"]],
    [
      { items: [{}], additionalItems: {} },
      { items: [{}], additionalItems: true },
      ["a/additionalItems schema-appeared-or-gone"],
    ],
    [
      { type: "array", maxItems: 1, minItems: 1, uniqueItems: true },
      { type: "array" },
      ["a/maxItems attribute-changed", "a/minItems attribute-changed", "a/uniqueItems attribute-changed"],
    ],
    [{ type: "array", uniqueItems: false }, { type: "array" }, []],
  ])("from %j to %j", (before, after, changes) => {
    expect(inside(before, after)).toEqual(changes);
  });
});

describe("combinations", () => {
  test.each<[unknown, unknown, string[]]>([
    [{ anyOf: [{}, {}] }, { anyOf: [{}] }, ["a sub-schemas-counted-differently"]],
    [{ anyOf: [{}] }, { oneOf: [{}] }, ["a composition-changed"]],
    [{ allOf: [{}, { title: "x" }] }, { allOf: [{}, { title: "y" }] }, ["a/allOf/1 title-changed"]],
    [{ anyOf: [{}] }, { anyOf: [{ type: "string" }] }, ["a/anyOf/0 type-narrowed"]],
    [
      { type: "object", anyOf: [{ type: "string" }] },
      { type: "object", anyOf: [{ type: "number" }] },
      ["a/allOf/1/anyOf/0 type-changed"],
    ],
    [{ type: ["string", "null"] }, { type: ["string"] }, ["a sub-schemas-counted-differently"]],
    [{ type: ["string", "null"] }, { type: ["null", "string"] }, ["a/anyOf/0 type-changed", "a/anyOf/1 type-changed"]],
    [
      { type: ["string", "null"], minLength: 1 },
      { type: ["string", "null"], minLength: 2 },
      ["a/anyOf/0/minLength attribute-changed"],
    ],
    [{ type: ["string", "null"], title: "x" }, { type: ["string", "null"], title: "y" }, ["a title-changed"]],
  ])("from %j to %j", (before, after, changes) => {
    expect(inside(before, after)).toEqual(changes);
  });
});

describe("references", () => {
  const definitions = (text: unknown): JsonObject => ({
    definitions: { text },
    properties: { a: { $ref: "#/definitions/text" } },
  });

  test("are nodes of their own, compared by what they stand for", () => {
    expect(texts(definitions({ type: "string" }), definitions({ type: "number" }))).toEqual([
      "#/properties/a/$ref type-changed",
    ]);
    const inline = { properties: { a: { type: "string" } } };
    expect(texts(definitions({ type: "string" }), inline)).toEqual(["#/properties/a type-changed"]);
    expect(texts(inline, definitions({ type: "string" }))).toEqual(["#/properties/a type-changed"]);
    const renamed = { definitions: { word: { type: "string" } }, properties: { a: { $ref: "#/definitions/word" } } };
    expect(texts(definitions({ type: "string" }), renamed)).toEqual([]);
    const toReference = { ...definitions({ type: "object" }), properties: { a: { $ref: "#/properties/a" } } };
    expect(texts(definitions({ type: "object" }), toReference)).toEqual(["#/properties/a/$ref type-changed"]);
  });

  test("count with what is written beside them", () => {
    const beside = (description: string): JsonObject => ({
      definitions: { text: { type: "string", description: "a" } },
      properties: { a: { $ref: "#/definitions/text", description } },
    });
    expect(texts(beside("a"), beside("b"))).toEqual(["#/properties/a/$ref description-changed"]);
  });

  test("may lead back to where they are", () => {
    const list = (title: string): JsonObject => ({ title, properties: { next: { $ref: "#" } } });
    expect(texts(list("x"), list("y"))).toEqual(["#/ title-changed"]);
    const loop: JsonObject = {
      definitions: { a: { $ref: "#/definitions/a" } },
      properties: { b: { $ref: "#/definitions/a" } },
    };
    expect(texts(loop, loop)).toEqual([]);
  });

  test("that multiply are given up in time", () => {
    const definition = (n: number): JsonObject => ({
      properties: Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, { $ref: `#/definitions/d${n + 1}` }])),
    });
    const bomb: JsonObject = {
      definitions: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n}`, definition(n)])),
      properties: { root: { $ref: "#/definitions/d0" } },
    };
    expect(() => schemaChanges(bomb, bomb)).toThrow(SchemaDiffCostError);
  });
});

describe("drafts", () => {
  const since6 = { $schema: "http://json-schema.org/draft-06/schema#" };

  test("name a schema in their own way", () => {
    expect(texts({ ...since6, $id: "a" }, { ...since6, $id: "b" })).toEqual(["#/ id-changed"]);
    expect(texts({ ...since6, id: "a" }, { ...since6, id: "b" })).toEqual([]);
  });

  test("know schemas that are true or false, and constants, since 6", () => {
    const of = (a: unknown): JsonObject => ({ ...since6, properties: { a } });
    expect(texts(of(true), of(false))).toEqual(["#/properties/a type-changed"]);
    expect(texts(of({ const: 1 }), of({ const: 2 }))).toEqual([]);
    expect(inside({ const: 1 }, { const: 2 })).toEqual([]);
  });
});

test("a schema never differs from itself, whatever it is", () => {
  const value = fc.letrec<{ schema: unknown }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom({}, { type: "string" }, { type: "integer", minimum: 1 }, { enum: [1, "x"] }, { $ref: "#" }),
      fc.record({ properties: fc.dictionary(fc.string(), tie("schema"), { maxKeys: 3 }) }),
      fc.record({ items: tie("schema") }),
      fc.record({
        type: fc.constantFrom("object", ["string", "null"]),
        anyOf: fc.array(tie("schema"), { maxLength: 3 }),
      }),
      fc.record({ additionalProperties: tie("schema"), dependencies: fc.dictionary(fc.string(), tie("schema")) }),
    ),
  })).schema;
  fc.assert(
    fc.property(value, (schema) => {
      const root = { properties: { a: schema } };
      expect(schemaChanges(root, structuredClone(root))).toEqual([]);
    }),
  );
});
