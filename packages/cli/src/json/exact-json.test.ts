import fc from "fast-check";
import { expect, it } from "vitest";
import { exactText, parseExact, rounded } from "./exact-json.ts";

const NUMBER = fc.oneof(
  fc.constantFrom("1.0", "-0", "0.10", "1E5", "1e400", "-1e-999", "9007199254740993", "0.1234567890123456789"),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
);
const TEXT = fc
  .oneof(fc.string(), fc.constantFrom("__proto__", "constructor", '"', "1.0"))
  .map((text) => JSON.stringify(text));
const JSON_TEXT = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    NUMBER,
    TEXT,
    fc.constantFrom("true", "false", "null"),
    fc.array(tie("value")).map((parts) => `[${parts.join(",")}]`),
    fc
      .uniqueArray(
        fc.tuple(
          TEXT.filter((name) => !/^"\d+"$/.test(name)),
          tie("value"),
        ),
        { selector: ([name]) => name },
      )
      .map((members) => `{${members.map((member) => member.join(":")).join(",")}}`),
  ),
})).value;

it("comes out as it went in", () => {
  fc.assert(
    fc.property(JSON_TEXT, (text) => {
      expect(exactText(parseExact(text))).toBe(text);
    }),
  );
});

it("is what JSON.parse makes of it, in JavaScript's numbers", () => {
  fc.assert(
    fc.property(JSON_TEXT, (text) => {
      expect(rounded(parseExact(text))).toEqual(JSON.parse(text));
    }),
  );
});

it("takes spaces, and the last of two members with one name", () => {
  expect(exactText(parseExact(' { "a" : 1.0 ,\n"b":[ ] , "a":2.0 } '))).toBe('{"a":2.0,"b":[]}');
  expect(() => parseExact("{")).toThrow(SyntaxError);
});
