import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partitioner, pathOf } from "./partition.ts";
import type { PartitioningRules } from "./partition.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { scanBody } from "./scan.ts";

function partitionOf(event: string, rules: Partial<PartitioningRules>): number | string {
  const [item] = scanBody(new TextEncoder().encode(`[${event}]`), DEFAULT_LIMITS);
  if (!item) throw new Error("no event");
  const all: PartitioningRules = {
    strategy: "hash",
    keyFields: ["p"],
    category: "undefined",
    partitions: 4,
    random: () => 0,
    ...rules,
  };
  return partitioner(all)(item);
}

describe("hash", () => {
  test.each([
    ["0", 0],
    ["1", 1],
    ["2", 2],
    ["3", 3],
    ["4", 0],
    ["order-1", 2],
    ["order-2", 1],
    ["order-3", 0],
    ["ü", 0],
    ["", 0],
    ["polygenelubricants", 0],
  ])("recorded: %j goes to %d", (key, partition) => {
    expect(partitionOf(JSON.stringify({ p: key }), {})).toBe(partition);
  });

  /** Partition of a text, by way of a large number of partitions so that no two texts meet by chance. */
  const PARTITIONS = 997;
  const ofText = (text: string): number | string =>
    partitionOf(JSON.stringify({ p: text }), { partitions: PARTITIONS });

  test.each([
    ["7", "7"],
    ["007", "7"],
    ["1.0", "1.0"],
    ["1.50", "1.5"],
    ["1e10", "1.0E10"],
    ["12345678.5", "1.23456785E7"],
    ["0.00001", "1.0E-5"],
    ["-0", "-0.0"],
    ["9007199254740993", "9007199254740993"],
    ["true", "true"],
    ["null", "null"],
    ['"text"', "text"],
    ['"\\u00fc"', "ü"],
    ['[1, 2.0, {"a" : null}]', '[1,2.0,{"a":null}]'],
    ['{"b":"x"}', '{"b":"x"}'],
  ])("the value %s is hashed as %j", (value, text) => {
    expect(partitionOf(`{"p":${value}}`, { partitions: PARTITIONS })).toBe(ofText(text));
  });

  test("adds up several fields", () => {
    const rules = { keyFields: ["a", "b.c"], partitions: PARTITIONS };
    const sum = ofText(String.fromCharCode("x".charCodeAt(0) + "y".charCodeAt(0)));
    expect(partitionOf('{"a":"x","b":{"c":"y"}}', rules)).toBe(sum);
    expect(partitionOf('{"a":"y","b":{"c":"x"}}', rules)).toBe(sum);
  });

  test("looks into the data of data change events", () => {
    expect(partitionOf('{"data":{"p":"2"},"p":"1"}', { category: "data" })).toBe(2);
  });

  test("orders partitions by name", () => {
    // "0", "1", "10", "11", "2": the third of twelve is 10, and "2" hashes to 50.
    expect(partitionOf('{"p":"2"}', { partitions: 12 })).toBe(10);
    expect(partitionOf('{"p":"3"}', { partitions: 12 })).toBe(11);
  });

  test.each([
    ['{"q":1}', ["p"], "field p doesn't exist."],
    ['{"p":{}}', ["p.x.y"], "field x doesn't exist."],
    ['{"p":1}', ["p.x"], "field x doesn't exist."],
    ['{"p":["x"]}', ["p.0"], "field 0 doesn't exist."],
    ["{}", ["toString"], "field toString doesn't exist."],
    ["{}", ["__proto__.x"], "field __proto__ doesn't exist."],
  ])("%s lacks %j", (event, keyFields, reason) => {
    expect(partitionOf(event, { keyFields })).toBe(reason);
  });

  test("stays within the partitions, whatever the key", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (key, partitions) => {
        const partition = partitionOf(JSON.stringify({ p: key }), { partitions });
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
        expect(partitionOf(JSON.stringify({ q: 1, p: key }), { partitions })).toBe(partition);
      }),
    );
  });
});

test.each([
  ["a", ["a"]],
  ["a.b.c", ["a", "b", "c"]],
  ["a.'b.c'.d", ["a", "b.c", "d"]],
  ["a\\.b", ["a.b"]],
  ["'it\\'s'", ["it's"]],
  ["", []],
  [".a", []],
  ["a..b", ["a"]],
  ["a.", ["a"]],
])("the path %j", (text, path) => {
  expect(pathOf(text)).toEqual(path);
});

describe("user_defined", () => {
  const named = (metadata: unknown): number | string =>
    partitionOf(JSON.stringify({ metadata }), { strategy: "user_defined", partitions: 2 });

  test("is the partition that the event names", () => {
    expect(named({ partition: "0" })).toBe(0);
    expect(named({ partition: "1" })).toBe(1);
  });

  test.each(["2", "-1", "01", "1.0", "", "x", "9".repeat(400)])("there is no partition %j", (partition) => {
    expect(named({ partition })).toBe(
      `Failed to resolve partition. Invalid partition specified when publishing event: ${partition}`,
    );
  });

  test.each([[{}], [null], ["x"], [{ partition: 1 }]])("no partition is named in %j", (metadata) => {
    expect(named(metadata)).toBe("Failed to resolve partition. Failed to get partition from event metadata");
  });
});

test("random takes no notice of the event", () => {
  const event = '{"metadata":{"partition":"3"}}';
  expect(partitionOf(event, { strategy: "random", random: () => 0 })).toBe(0);
  expect(partitionOf(event, { strategy: "random", random: () => 0.999_999 })).toBe(3);
});
