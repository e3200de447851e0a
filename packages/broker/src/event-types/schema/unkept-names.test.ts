/** Members with the names of what every JavaScript object has are members as any other. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { effectiveSchema } from "./effective-schema.ts";
import { EventValidators } from "./event-validator.ts";
import type { JsonObject } from "./json-schema.ts";

const validators = new EventValidators();
const DRAFT_6 = "http://json-schema.org/draft-06/schema#";
const NAMES = Object.getOwnPropertyNames(Object.prototype);

/** Members are those of the text: an object literal would set a prototype. */
const read = (text: string): JsonObject => JSON.parse(text) as JsonObject;

async function isValid(schema: JsonObject, event: string): Promise<boolean> {
  return (await validators.of(JSON.stringify(schema))).faultOf(read(event)) === undefined;
}

describe.each(NAMES)("a member named %s", (name) => {
  const key = JSON.stringify(name);

  test.each([
    [`{"properties":{${key}:{"type":"string"}}}`, `{${key}:"x"}`, `{${key}:1}`],
    [`{"properties":{"a":{"properties":{${key}:{"type":"string"}}}}}`, `{"a":{${key}:"x"}}`, `{"a":{${key}:1}}`],
    [`{"properties":{${key}:{}},"additionalProperties":false}`, `{${key}:1}`, `{"other":1}`],
    [`{"additionalProperties":false}`, "{}", `{${key}:1}`],
    [`{"additionalProperties":{"type":"string"}}`, `{${key}:"x"}`, `{${key}:1}`],
    [`{"patternProperties":{${key}:{"type":"string"}}}`, `{${key}:"x"}`, `{"x${name}":1}`],
    [
      `{"patternProperties":{"^${name}$":{"type":"string"}},"properties":{${key}:{"minLength":2}}}`,
      `{${key}:"xx"}`,
      `{${key}:"x"}`,
    ],
    [`{"required":[${key}]}`, `{${key}:1}`, "{}"],
    [`{"dependencies":{${key}:["b"]}}`, `{"c":1}`, `{${key}:1}`],
    [
      `{"dependencies":{${key}:{"required":["b"]}},"allOf":[{"required":["a"]}]}`,
      `{"a":1,"b":1,${key}:1}`,
      `{"a":1,${key}:1}`,
    ],
    [
      `{"definitions":{${key}:{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/${name}"}}}`,
      `{"a":"x"}`,
      `{"a":1}`,
    ],
    [`{"properties":{${key}:{"type":"string"},"a":{"$ref":"#/properties/${name}"}}}`, `{"a":"x"}`, `{"a":1}`],
    [`{"properties":{"a":{"enum":[{${key}:1}]}}}`, `{"a":{${key}:1}}`, `{"a":{${key}:2}}`],
    [`{"$schema":"${DRAFT_6}","properties":{"a":{"const":{${key}:1}}}}`, `{"a":{${key}:1}}`, `{"a":{${key}:2}}`],
    [`{"properties":{"a":{"uniqueItems":true}}}`, `{"a":[{${key}:1},{${key}:2}]}`, `{"a":[{${key}:1},{${key}:1}]}`],
    [`{"maxProperties":1}`, `{${key}:1}`, `{${key}:1,"a":1}`],
  ])("in %s", async (schema, valid, invalid) => {
    expect([await isValid(read(schema), valid), await isValid(read(schema), invalid)]).toEqual([true, false]);
  });

  test("in a schema that is made strict, and one with metadata", async () => {
    const eventType = { name: "et", cleanup_policy: "delete", compatibility_mode: "compatible" } as const;
    const schema = read(`{"properties":{${key}:{"type":"string"}}}`);
    const plain = effectiveSchema(schema, { ...eventType, category: "undefined" });
    expect([await isValid(plain, `{${key}:"x"}`), await isValid(plain, `{${key}:1}`)]).toEqual([true, false]);
    expect(await isValid(plain, '{"a":1}')).toBe(false);
    const business = effectiveSchema(schema, { ...eventType, category: "business" });
    const metadata = '"metadata":{"eid":"7b7c7100-0559-11e6-a837-0800200c9a66","occurred_at":"2026-01-01T00:00:00Z"}';
    const both = [`{${metadata},${key}:"x"}`, `{${metadata},${key}:1}`];
    expect(await Promise.all(both.map((event) => isValid(business, event)))).toEqual([true, false]);
  });
});

test("names inside of each other do not multiply the work", async () => {
  let schema = '{"type":"string"}';
  for (let depth = 0; depth < 60; depth++) schema = `{"properties":{"__proto__":${schema}}}`;
  expect(await isValid(read(schema), "{}")).toBe(true);
});

test("a schema that names members and one that has patterns for them agree, whatever the names", async () => {
  const name = fc.constantFrom(...NAMES, "a", "b");
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name), fc.uniqueArray(name), async (named, present) => {
      const map = (keyed: readonly (readonly [string, unknown])[]): object => Object.fromEntries(keyed);
      const event = JSON.stringify(map(present.map((one) => [one, 1])));
      const byName = { properties: map(named.map((one) => [one, { type: "number" }])), additionalProperties: false };
      const byPattern = {
        patternProperties: map(named.map((one) => [`^${one}$`, { type: "number" }])),
        additionalProperties: false,
      };
      const wanted = present.every((one) => named.includes(one));
      expect([await isValid(byName, event), await isValid(byPattern, event)]).toEqual([wanted, wanted]);
    }),
    { numRuns: 30 },
  );
});
