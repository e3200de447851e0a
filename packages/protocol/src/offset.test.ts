import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePositions, formatOffset, parseOffset } from "./offset.ts";

const position = fc.record({
  order: fc.integer({ min: 1, max: 0xffff }),
  number: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
});

describe("an offset text", () => {
  it("says its position again when it is read", () => {
    fc.assert(
      fc.property(position, (at) => {
        expect(parseOffset(formatOffset(at))).toEqual({ kind: "timeline", position: at });
      }),
    );
  });

  it("compares as its position does, within the numbers that fill its digits", () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const texts = formatOffset(a) < formatOffset(b) ? -1 : formatOffset(a) > formatOffset(b) ? 1 : 0;
        expect(Math.sign(comparePositions(a, b))).toBe(texts);
      }),
    );
  });

  it.each([
    [{ order: 1, number: 25 }, "001-0001-000000000000000025"],
    [{ order: 1, number: -1 }, "001-0001--1"],
    [{ order: 26, number: 0 }, "001-001a-000000000000000000"],
  ])("%j is written %s", (at, text) => {
    expect(formatOffset(at)).toBe(text);
  });

  it.each([
    ["BEGIN", { kind: "begin" }],
    ["Begin", { kind: "begin" }],
    ["25", { kind: "legacy", number: 25 }],
    ["-1", { kind: "legacy", number: -1 }],
    ["000000000000000025", { kind: "legacy", number: 25 }],
    ["001-0001-5", { kind: "timeline", position: { order: 1, number: 5 } }],
    ["001-0001--2", { kind: "timeline", position: { order: 1, number: -2 } }],
    ["001-0001", { kind: "invalid", reason: "layout" }],
    ["0012", { kind: "invalid", reason: "layout" }],
    ["001-1-5", { kind: "invalid", reason: "layout" }],
    ["-2", { kind: "invalid", reason: "text" }],
    ["1.5", { kind: "invalid", reason: "text" }],
    ["1e3", { kind: "invalid", reason: "text" }],
    ["", { kind: "invalid", reason: "text" }],
    ["99999999999999999999", { kind: "invalid", reason: "text" }],
  ])("%j reads as %j", (text, read) => {
    expect(parseOffset(text)).toEqual(read);
  });
});
