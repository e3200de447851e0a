import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differenceOf, merged, renderDifference } from "./difference.ts";

const schema = { type: "json_schema", schema: '{"properties":{"n":{"type":"number"}},"required":["n"]}' };
const user = (value: string): object => ({ data_type: "user", value });
const current = {
  name: "e",
  category: "business",
  partition_key_fields: ["a", "b"],
  schema: { ...schema, version: "1.2.0", created_at: "t" },
  options: { retention_time: 5, "x-new": 1 },
  authorization: { admins: [user("a"), user("b")], readers: [user("a")] },
  annotations: { team: "one", "example.org/old": "x" },
  labels: {},
  default_statistic: null,
  created_at: "t",
  "x-unknown": [1],
};

describe("a difference", () => {
  it.each<[what: string, wanted: object]>([
    ["the same", current],
    ["less", { name: "e" }],
    ["what the server sets", { created_at: "other", updated_at: "other", id: "other", status: [] }],
    [
      "the schema in another layout",
      { schema: { ...schema, schema: '{ "required": ["n"], "properties": {"n": {"type":"number"}} }' } },
    ],
    ["attributes in another order", { authorization: { admins: [user("b"), user("a")], readers: [user("a")] } }],
    ["null for none", { default_statistic: null, audience: null, annotations: null }],
    ["undefined for not mentioned", { category: undefined }],
    ["a part of the options", { options: { retention_time: 5 } }],
  ])("is none for %s", (_what, wanted) => {
    expect(differenceOf(current, wanted)).toEqual({ action: "none", changes: [] });
    expect(merged(current, wanted)).toEqual(current);
  });

  it.each<[what: string, wanted: object, line: string, sent: object]>([
    ["a member", { category: "data" }, '  ~ category: "business" → "data"', { category: "data" }],
    ["a new one", { audience: "x" }, '  + audience: "x"', { audience: "x" }],
    [
      "the order of keys",
      { partition_key_fields: ["b", "a"] },
      '  ~ partition_key_fields: ["a","b"] → ["b","a"]',
      { partition_key_fields: ["b", "a"] },
    ],
    [
      "what is inside of the schema",
      { schema: { type: "json_schema", schema: '{"properties":{"n":{"type":"string"},"a/b":{}},"required":["n"]}' } },
      '  ~ schema.schema#/properties/n/type: "number" → "string"\n  + schema.schema#/properties/a~1b: {}',
      { schema: { ...current.schema, schema: '{"properties":{"n":{"type":"string"},"a/b":{}},"required":["n"]}' } },
    ],
    [
      "a schema that is not a document",
      { schema: { type: "avro_schema", schema: "x" } },
      `  ~ schema.type: "json_schema" → "avro_schema"\n  ~ schema.schema: ${JSON.stringify(schema.schema)} → "x"`,
      { schema: { ...current.schema, type: "avro_schema", schema: "x" } },
    ],
    [
      "an option, which leaves the others",
      { options: { retention_time: 6 } },
      "  ~ options.retention_time: 5 → 6",
      { options: { retention_time: 6, "x-new": 1 } },
    ],
    [
      "annotations, which are replaced as a whole",
      { annotations: { team: "two", "example.org/new": "y" } },
      '  ~ annotations.team: "one" → "two"\n  - annotations.example.org/old: "x"\n  + annotations.example.org/new: "y"',
      { annotations: { team: "two", "example.org/new": "y" } },
    ],
    [
      "the permissions",
      { authorization: { admins: [user("a")], readers: [user("a")] } },
      `  ~ authorization.admins: ${JSON.stringify([user("a"), user("b")])} → ${JSON.stringify([user("a")])}`,
      { authorization: { admins: [user("a")], readers: [user("a")] } },
    ],
  ])("in %s is shown, and sent with all the rest as it was", (_what, wanted, lines, sent) => {
    const difference = differenceOf(current, wanted);
    expect(renderDifference(difference)).toBe(`update\n${lines}`);
    expect(merged(current, wanted)).toEqual({ ...current, ...sent });
  });

  it.each(["__proto__", "constructor", "toString"])("compares a member named %s", (name) => {
    const named = (value: string): object => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as object;
    const labels = (of: object): object => ({ labels: of });
    expect(differenceOf(labels({}), labels(named("x"))).changes).toEqual([
      { path: `labels.${name}`, before: undefined, after: "x" },
    ]);
    expect(differenceOf(labels(named("x")), labels({})).changes).toEqual([
      { path: `labels.${name}`, before: "x", after: undefined },
    ]);
    const schema = (properties: object): object => ({
      schema: { type: "json_schema", schema: JSON.stringify(properties) },
    });
    expect(differenceOf(schema({}), schema(named("x"))).changes).toEqual([
      { path: `schema.schema#/${name}`, before: undefined, after: "x" },
    ]);
  });

  it("from nothing is a creation", () => {
    const difference = differenceOf(undefined, { name: "e", labels: null, created_at: "t" });
    expect(difference).toEqual({ action: "create", changes: [{ path: "name", before: undefined, after: "e" }] });
    expect(renderDifference(difference)).toBe('create\n  + name: "e"');
    expect(renderDifference({ action: "none", changes: [] })).toBe("nothing to change");
  });

  it("shows no more of a long value than is needed to recognise it", () => {
    expect(renderDifference(differenceOf({}, { name: "x".repeat(1_000) })).length).toBeLessThan(200);
  });
});

describe("whatever is wanted", () => {
  const value = fc.oneof(fc.string({ maxLength: 3 }), fc.nat(3), fc.array(fc.nat(2), { maxLength: 2 }));
  const map = fc.dictionary(fc.constantFrom("a", "b", "c.d/e"), fc.string({ maxLength: 2 }));
  const resource = fc.record(
    {
      category: value,
      annotations: map,
      options: map,
      authorization: fc.record({ admins: fc.array(map, { maxLength: 2 }) }),
      schema: fc.record({ type: value, schema: fc.json({ maxDepth: 3 }) }),
      other: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: [] },
  );

  it("nothing is left to change once it was sent, and what was not mentioned is untouched", () => {
    fc.assert(
      fc.property(resource, resource, (before, wanted) => {
        const after = merged(before, wanted);
        expect(differenceOf(after, wanted).action).toBe("none");
        for (const [name, kept] of Object.entries(before)) {
          if (!(name in wanted)) expect((after as Record<string, unknown>)[name]).toBe(kept);
        }
        if (differenceOf(before, wanted).action === "none") expect(after).toEqual(before);
      }),
    );
  });

  it("nothing differs from itself", () => {
    fc.assert(
      fc.property(resource, (one) => {
        expect(differenceOf(one, one).changes).toEqual([]);
      }),
    );
  });
});
