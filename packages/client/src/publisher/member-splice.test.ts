import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberText, spliced } from "./member-splice.ts";

const name = fc.constantFrom("a", "b", "metadata", 'quo"te', "ba\\ck", "é");
const object = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }));
const written = fc
  .tuple(object, fc.constantFrom(undefined, 1, "\t"), fc.constantFrom("", " ", "\n\r\t"))
  .map(([value, indent, space]) => ({ value, text: space + JSON.stringify(value, undefined, indent) + space }));

describe("members changed in a text", () => {
  it("have the new values, and all others are what they were", () => {
    fc.assert(
      fc.property(written, object, ({ value, text }, changes) => {
        const texts = Object.fromEntries(Object.entries(changes).map(([key, one]) => [key, JSON.stringify(one)]));
        expect(JSON.parse(spliced(text, texts))).toEqual(JSON.parse(JSON.stringify({ ...value, ...changes })));
      }),
    );
  });

  it("are found as JSON.parse finds them", () => {
    fc.assert(
      fc.property(written, name, ({ value, text }, wanted) => {
        const found = memberText(text, wanted);
        const known = Object.hasOwn(value, wanted);
        expect(found === undefined ? undefined : JSON.parse(found)).toEqual(
          known ? JSON.parse(JSON.stringify(value[wanted])) : undefined,
        );
      }),
    );
  });

  it.each([
    ['{"n":1.0,"metadata":null}', { metadata: "{}" }, '{"n":1.0,"metadata":{}}'],
    ['{"a":1,"a":2}', { a: "3" }, '{"a":1,"a":3}'],
    ["{}", { a: "1", b: "2" }, '{"a":1,"b":2}'],
    ['{ "n" : 9007199254740993 }', { a: "1" }, '{"a":1, "n" : 9007199254740993 }'],
  ])("digits and spaces stay: %s", (text, members, expected) => {
    expect(spliced(text, members)).toBe(expected);
  });
});
