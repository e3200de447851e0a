import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { visible, visibleData, visibleWord } from "./visible.ts";
import { visibleYaml } from "./yaml-text.ts";

/** Controls, formats, separators of lines, halves of a pair. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const HIDDEN = [
  "\u202E",
  "\u2066",
  "\u200B",
  "\u200D",
  "\u00AD",
  "\uFEFF",
  "\u2028",
  "\u3164",
  "\u061C",
  "\u{E0041}",
  "\u{1D173}",
  "\uD800",
];
const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    fc.constantFrom(...HIDDEN),
  ),
});

it("words are one line without control characters; what has none stays as it is", () => {
  fc.assert(fc.property(anyText, (text) => !CONTROL.test(visible(text))));
  expect(visible("\u001B[31mred\u009B0m\u0007")).toBe("\\u001b[31mred\\u009b0m\\u0007");
  expect(visible("2 violations\r\n#/a: one\n  #/b: other\n")).toBe("2 violations; #/a: one; #/b: other");
  expect(visible("Grüße, 世界 – 🙂")).toBe("Grüße, 世界 – 🙂");
});

it("JSON and YAML mean the same without them", () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (data) => {
      const [json, yaml] = [visibleData(JSON.stringify(data)), visibleYaml(data)];
      expect(json).not.toMatch(CONTROL);
      expect(yaml.replaceAll(/[\n\t]/g, "")).not.toMatch(CONTROL);
      expect([JSON.parse(json), parse(yaml)]).toEqual([data, data]);
    }),
  );
});

it.each(HIDDEN)("what is not seen is written out: %j", (character) => {
  const written = character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
  expect(visible(`a${character}b`)).toBe(`a${written}b`);
  expect(visibleWord(`a${character} b`)).toBe(`a${written}\\u0020b`);
  expect(visibleData(JSON.stringify(`a${character}b`))).toBe(`"a${written}b"`);
  expect(visibleYaml([`a${character}b`])).toBe(`- "a${written}b"\n`);
});

it("signs that are chosen by a selector stay as they are", () => expect(visible("❤️ ok")).toBe("❤️ ok"));

it.each([" ", "; ", " \n", "\u202E", "\\"])("takes a million of %j", (part) => {
  expect(visible(`a${part.repeat(1_000_000)}b`)).toMatch(/^a.*b$/);
});
