import fc from "fast-check";
import { expect, it } from "vitest";
import { elementLines } from "./element-lines.ts";

it("names the line on which each element begins, whatever they are and however they are written", () => {
  const spaces = fc.constantFrom("", " ", "\n", "\n\n", "\r\n\t");
  const elements = fc.array(fc.tuple(spaces, fc.jsonValue(), spaces, fc.constantFrom(0, 2)));
  fc.assert(
    fc.property(spaces, elements, (before, all) => {
      let text = `${before}[`;
      const expected: number[] = [];
      for (const [index, [ahead, value, behind, indent]] of all.entries()) {
        text += (index > 0 ? "," : "") + ahead;
        expected.push(text.split("\n").length);
        text += JSON.stringify(value, undefined, indent) + behind;
      }
      expect(elementLines(`${text}]`)).toEqual(expected);
    }),
  );
});
