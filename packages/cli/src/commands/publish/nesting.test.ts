import fc from "fast-check";
import { expect, it } from "vitest";
import { deeperThan } from "./nesting.ts";

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

it("finds the first bracket beyond, whatever stands in texts", () => {
  const text = fc.string({ unit: fc.constantFrom("[", "{", "]", "}", '"', "\\", "a") });
  const json = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6 }, text, fc.array(tie("value")), fc.dictionary(text, tie("value"))),
  })).value;
  fc.assert(
    fc.property(json, fc.integer({ min: 0, max: 8 }), (value, levels) => {
      const written = JSON.stringify(value);
      const at = deeperThan(levels, written);
      expect(at === undefined).toBe(depthOf(value) <= levels);
      if (at !== undefined) expect(written[at]).toMatch(/[[{]/);
    }),
  );
});

it("says where", () => {
  expect(deeperThan(2, '{"a":["[[[",{"b":1}]}')).toBe(12);
  expect(deeperThan(50_000, "[".repeat(50_001) + "]".repeat(50_001))).toBe(50_000);
});
