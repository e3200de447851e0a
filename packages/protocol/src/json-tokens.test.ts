import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonTokens } from "./json-tokens.ts";

const tokensOf = (text: string): string[] => [...jsonTokens(text)].map(({ start, end }) => text.slice(start, end));

/** What it is for small texts. */
const TOKEN = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

it("are those of the grammar, whatever stands in strings", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, given) => {
      const text = JSON.stringify(value, undefined, given);
      expect(tokensOf(text)).toEqual(text.match(TOKEN) ?? []);
    }),
  );
});

it("of a text that is not JSON are some, and they do not overlap", () => {
  const unit = fc.constantFrom('"', "\\", "{", "]", ",", ":", " ", "\n", "a", "-1");
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      let before = 0;
      for (const { start, end } of jsonTokens(text)) {
        expect(start).toBeGreaterThanOrEqual(before);
        expect(end).toBeGreaterThan(start);
        before = end;
      }
      expect(before).toBeLessThanOrEqual(text.length);
    }),
  );
});

it.each([
  ["a string", `"${"x".repeat(20_000_000)}"`],
  ["escapes", `"${'\\"'.repeat(10_000_000)}"`],
  ["backslashes", `"${"\\\\".repeat(10_000_000)}"`],
  ["a number", "1".repeat(20_000_000)],
])("%s of twenty million characters is one token", (_what, text) => {
  expect([...jsonTokens(text)]).toEqual([{ start: 0, end: text.length }]);
});
