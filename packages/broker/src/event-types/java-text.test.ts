import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashMapOrder, isDoubleSource, javaDouble, javaHash, javaNumber } from "./java-text.ts";

describe("javaHash is String.hashCode", () => {
  test.each([
    ["", 0],
    ["a", 97],
    ["hello", 99162322],
    ["Aa", 2112],
    ["BB", 2112],
    ["polygenelubricants", -2147483648],
    ["ü", 252],
    ["😀", 1772899],
  ])("%j", (text, hash) => {
    expect(javaHash(text)).toBe(hash);
  });
});

describe("javaDouble is Double.toString", () => {
  test.each([
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [-1.5, "-1.5"],
    [0.001, "0.001"],
    [0.0001, "1.0E-4"],
    [0.00012, "1.2E-4"],
    [1234567, "1234567.0"],
    [9999999.5, "9999999.5"],
    [10000000, "1.0E7"],
    [12345678.5, "1.23456785E7"],
    [1e10, "1.0E10"],
    [1e-5, "1.0E-5"],
    [100, "100.0"],
    [5e-324, "4.9E-324"],
    [1.7976931348623157e308, "1.7976931348623157E308"],
  ])("%d", (value, text) => {
    expect(javaDouble(value)).toBe(text);
  });

  test("means the same number, whatever it is", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
        Object.is(Number(javaDouble(value)), value),
      ),
    );
  });
});

test.each([
  ["1", "1", false],
  ["007", "7", false],
  ["9007199254740993", "9007199254740993", false],
  ["-9223372036854775808", "-9223372036854775808", false],
  ["1.0", "1.0", true],
  ["1e3", "1000.0", true],
  ["10000000000000000000000.5e-3", "1.0E19", true],
  ["-0", "-0.0", true],
])("the number %s is read as %s", (source, text, double) => {
  expect(javaNumber(source)).toBe(text);
  expect(isDoubleSource(source)).toBe(double);
});

describe("hashMapOrder", () => {
  test("goes by bucket", () => {
    expect(hashMapOrder(["order", "count", "metadata"])).toEqual(["metadata", "count", "order"]);
    // "A" is 65 and "1" is 49: both in bucket 1 of 16, where they stay as they came.
    expect(hashMapOrder(["B", "2", "A", "1"])).toEqual(["A", "1", "B", "2"]);
  });

  test("keeps every key", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (keys) => {
        expect(hashMapOrder(keys).toSorted()).toEqual(keys.toSorted());
      }),
    );
  });
});
