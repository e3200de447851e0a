import fc from "fast-check";
import { expect, it } from "vitest";
import { prettyJson } from "./pretty-json.ts";

it("is laid out as JSON usually is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, given) => {
      expect(prettyJson(JSON.stringify(value, undefined, given))).toBe(JSON.stringify(value, undefined, 2));
    }),
  );
});

it("leaves numbers and escapes as they are, and tells names from strings", () => {
  const paint = {
    name: (text: string) => `n${text}`,
    string: (text: string) => `s${text}`,
    other: (text: string) => `o${text}`,
  };
  expect(prettyJson('{"a":1.0,"b":[12345678901234567890,"\\u00e9:\\""],"c":{},"d":null}', paint)).toBe(
    '{\n  n"a": o1.0,\n  n"b": [\n    o12345678901234567890,\n    s"\\u00e9:\\""\n  ],\n  n"c": {},\n  n"d": onull\n}',
  );
});
