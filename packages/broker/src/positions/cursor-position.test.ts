import { describe, expect, it } from "vitest";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { CursorError, cursorPosition, partitionNumber, readablePosition } from "./cursor-position.ts";
import type { TimelineBounds } from "./partition-bounds.ts";

const timeline = { order: 1, log: "log-1", createdAt: "", lastNumbers: null };
const stored = {
  eventType: { name: "et" },
  partitions: 2,
  schemaVersions: ["1.0.0"],
  timelines: [timeline],
} as unknown as StoredEventType;
/** Partition 0 holds the events 3 to 7, partition 1 nothing. */
const all: TimelineBounds[] = [
  {
    timeline,
    bounds: [
      { oldest: 3, next: 8 },
      { oldest: 0, next: 0 },
    ],
  },
];
const unavailable = (offset: string, partition: string): string =>
  `offset ${offset} for partition ${partition} event type et is unavailable as retention time of data elapsed. ` +
  "PATCH partition offset with valid and available offset";

describe("a cursor's position", () => {
  it.each([
    ["001-0001-000000000000000005", { order: 1, number: 5 }],
    ["001-0001-5", { order: 1, number: 5 }],
    ["001-0001--1", { order: 1, number: -1 }],
    ["5", { order: 1, number: 5 }],
    ["000000000000000005", { order: 1, number: 5 }],
    ["-1", { order: 1, number: -1 }],
    ["BEGIN", { order: 1, number: 2 }],
    ["begin", { order: 1, number: 2 }],
  ])("%s", (offset, position) => {
    expect(cursorPosition(stored, all, { partition: "0", offset })).toEqual(position);
  });

  it.each([
    ["0", "001-0001", "invalid offset null for partition null"],
    ["0", "001-0001-x", "invalid offset null for partition null"],
    ["0", "001-0009-000000000000000000", unavailable("null", "null")],
    ["0", "soon", "invalid offset soon for partition 0"],
    ["0", "1.5", "invalid offset 1.5 for partition 0"],
    ["0", "", "invalid offset  for partition 0"],
    ["2", "BEGIN", "non existing partition null"],
    ["2", "5", "non existing partition 2"],
    ["x", "5", "non existing partition x"],
    ["0", "8", unavailable("000000000000000008", "0")],
    ["0", "1", unavailable("000000000000000001", "0")],
    ["1", "0", unavailable("000000000000000000", "1")],
  ])("of partition %s at %j cannot be read from", (partition, offset, message) => {
    expect(() => readablePosition(stored, all, { partition, offset })).toThrow(new CursorError(message));
  });

  it("may be anything from before the oldest to the newest event", () => {
    for (const offset of ["2", "3", "7"]) {
      expect(readablePosition(stored, all, { partition: "0", offset })).toEqual({ order: 1, number: Number(offset) });
    }
    expect(readablePosition(stored, all, { partition: "1", offset: "-1" })).toEqual({ order: 1, number: -1 });
  });
});

describe("a partition's name", () => {
  it.each([
    ["0", 0],
    ["1", 1],
    ["2", undefined],
    ["01", undefined],
    ["", undefined],
    ["-1", undefined],
    ["1e0", undefined],
  ])("%j is %s of two", (name, number) => {
    expect(partitionNumber(name, 2)).toBe(number);
  });
});
