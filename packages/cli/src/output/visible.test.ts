import fc from "fast-check";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { visible, visibleData } from "./visible.ts";

// oxlint-disable-next-line no-control-regex -- they are what must not be there
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/;
const anyText = fc.string({
  unit: fc.oneof(fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code))),
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
      const [json, yaml] = [visibleData(JSON.stringify(data)), visibleData(stringify(data))];
      expect(json).not.toMatch(CONTROL);
      expect(yaml.replaceAll(/[\n\t]/g, "")).not.toMatch(CONTROL);
      expect([JSON.parse(json), parse(yaml)]).toEqual([data, data]);
    }),
  );
});
