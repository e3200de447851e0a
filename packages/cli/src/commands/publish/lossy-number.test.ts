import fc from "fast-check";
import { expect, it } from "vitest";
import { lossyNumber } from "./lossy-number.ts";

it.each([
  ['{"id":12345678901234567890}', "12345678901234567890"],
  ['{"a":1,"id":-9007199254740993}', "-9007199254740993"],
  ['{"x":0.1234567890123456789}', "0.1234567890123456789"],
  ['{"id":9007199254740992}', undefined],
  ['{"x":1e308,"y":-1e999}', "-1e999"],
  [`[1${"0".repeat(400)}]`, `1${"0".repeat(400)}`],
  ['{"id":100000000000000000000000}', undefined],
  ['{"x":1.0,"y":0.30000000000000004,"z":1.10}', undefined],
  ['{"id":"12345678901234567890","q":"\\"12345678901234567890"}', undefined],
])("of %s it is %s", (json, expected) => expect(lossyNumber(json)).toBe(expected));

it("finds the integers that a double cannot hold", () => {
  const SAFE = 2n ** 53n;
  fc.assert(
    fc.property(fc.bigInt({ min: -SAFE, max: SAFE }), fc.bigInt({ min: SAFE, max: 2n ** 90n }), (small, large) => {
      expect(lossyNumber(`[${small}]`)).toBeUndefined();
      const odd = 2n * large + 1n;
      expect(lossyNumber(`[${odd}]`)).toBe(String(odd));
    }),
  );
});

it("lets every double pass, as JavaScript writes it", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(lossyNumber(JSON.stringify([number]))).toBeUndefined();
    }),
    { numRuns: 1_000 },
  );
});
