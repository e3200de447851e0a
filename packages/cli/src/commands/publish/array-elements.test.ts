import fc from "fast-check";
import { expect, it } from "vitest";
import { arrayElements } from "./array-elements.ts";

it("gives each element as it is written, with its line", () => {
  const spaces = fc.constantFrom("", " ", "\n", "\n\n", "\r\n\t");
  const elements = fc.array(fc.tuple(spaces, fc.jsonValue(), spaces, fc.constantFrom(0, 2)));
  fc.assert(
    fc.property(spaces, elements, (before, all) => {
      let array = `${before}[`;
      const expected: { text: string; line: number }[] = [];
      for (const [index, [ahead, value, behind, indent]] of all.entries()) {
        array += (index > 0 ? "," : "") + ahead;
        const text = JSON.stringify(value, undefined, indent);
        expected.push({ text, line: array.split("\n").length });
        array += text + behind;
      }
      expect([...arrayElements(`${array}]`)]).toEqual(expected);
    }),
  );
});
