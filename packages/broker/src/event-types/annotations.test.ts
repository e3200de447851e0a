import { describe, expect, test } from "vitest";
import { annotationViolations, labelViolations } from "./annotations.ts";

const EMPTY = "Key cannot be empty";
const DOMAIN = "Key name should be an optional lowercase domain name with path";
const PREFIX_LENGTH = "Key prefix cannot be more than 253 characters.";
const NAME_LENGTH = "Key name cannot be more than 63 characters.";
const ENDS = "Key name should start and end with a letter or a digit";

describe("keys", () => {
  test.each([
    ["team", []],
    ["Team_1.x-y", []],
    ["golden.example.org/purpose", []],
    [`${"a.".repeat(126)}a/x`, []],
    ["", [EMPTY, ENDS]],
    ["-x", [ENDS]],
    ["x-", [ENDS]],
    ["Example.org/x", [DOMAIN, PREFIX_LENGTH, NAME_LENGTH]],
    ["a/b/c", [DOMAIN, PREFIX_LENGTH, NAME_LENGTH, ENDS]],
    ["-a.org/x", [DOMAIN]],
    ["/x", [DOMAIN, NAME_LENGTH, ENDS]],
    ["x".repeat(64), [NAME_LENGTH]],
    [`${"a.".repeat(127)}a/x`, [PREFIX_LENGTH]],
  ])("%j", (key, messages) => {
    expect(annotationViolations({ [key]: "v" }).map(({ message }) => message)).toEqual(messages);
    expect(labelViolations({ [key]: "v" }).map(({ message }) => message)).toEqual(messages);
  });

  test("stand in the path, in snake case", () => {
    expect(annotationViolations({ "": "v" })[0]?.field).toBe("annotations[]");
    expect(labelViolations({ "Upper.org/x": "v" })[0]?.field).toBe("labels[_upper.org/x]");
  });

  test("of any length are checked in linear time", () => {
    expect(annotationViolations({ ["a".repeat(1_000_000)]: "v" })).not.toEqual([]);
  });
});

test.each([
  ["x".repeat(1_000), []],
  ["x".repeat(1_001), ["size must be between 0 and 1000"]],
  ["anything: at all\n", []],
])("annotation values have a size", (value, messages) => {
  expect(annotationViolations({ key: value }).map(({ message }) => message)).toEqual(messages);
});

test.each([
  ["", []],
  ["Check_out.1-a", []],
  ["x".repeat(63), []],
  ["x".repeat(64), ["Should contain only allowed symbols"]],
  ["two words", ["Should contain only allowed symbols"]],
  ["-x", ["Should contain only allowed symbols"]],
])("label values are names: %j", (value, messages) => {
  expect(labelViolations({ key: value }).map(({ message }) => message)).toEqual(messages);
});
