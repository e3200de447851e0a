import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Timeline } from "../event-types/stored-event-type.ts";
import { Axis } from "./axis.ts";

/** Timelines with these numbers of events in partition 0; the last one is open. */
function timelines(counts: readonly number[]): Timeline[] {
  return counts.map((count, index) => ({
    order: index + 1,
    log: `log-${index + 1}`,
    createdAt: "2026-01-01T00:00:00.000Z",
    lastNumbers: index === counts.length - 1 ? null : [count - 1],
  }));
}

describe("an axis", () => {
  it("is the log itself where there is one timeline", () => {
    const axis = new Axis(timelines([0]), 0);
    expect(axis.ordinalOf({ order: 1, number: 25 })).toBe(25);
    expect(axis.locate(25)).toMatchObject({ log: "log-1", number: 25, base: 0 });
    expect(axis.textOf(25)).toBe("001-0001-000000000000000025");
  });

  it("goes on from one timeline to the next, over empty ones", () => {
    const axis = new Axis(timelines([2, 0, 3, 0]), 0);
    expect([0, 1, 2, 3, 4, 5].map((ordinal) => axis.textOf(ordinal).slice(4))).toEqual([
      "0001-000000000000000000",
      "0001-000000000000000001",
      "0003-000000000000000000",
      "0003-000000000000000001",
      "0003-000000000000000002",
      "0004-000000000000000000",
    ]);
    expect(axis.ordinalOf({ order: 3, number: -1 })).toBe(axis.ordinalOf({ order: 1, number: 1 }));
  });

  it("begins in a later timeline for a partition that was added later", () => {
    expect(new Axis(timelines([2, 0]), 1).textOf(0)).toBe("001-0002-000000000000000000");
  });

  it("tells what is behind the end of a timeline that is closed from its namesake in the next one", () => {
    const axis = new Axis(timelines([2, 3, 0]), 0);
    expect(axis.ordinalOf({ order: 1, number: 4 })).toBe(axis.ordinalOf({ order: 2, number: 2 }));
    const behind = (order: number, numbers: readonly number[]): boolean[] =>
      numbers.map((number) => axis.isBehindEnd({ order, number }));
    expect(behind(1, [-1, 0, 1, 2, 4])).toEqual([false, false, false, true, true]);
    expect(behind(2, [-1, 2, 3])).toEqual([false, false, true]);
    expect(behind(3, [-1, 99])).toEqual([false, false]);
    expect(new Axis(timelines([2, 0]), 1).isBehindEnd({ order: 1, number: 0 })).toBe(true);
  });

  it("knows no position of an unknown timeline, and puts order 0 before everything", () => {
    const axis = new Axis(timelines([2, 0]), 0);
    expect(axis.ordinalOf({ order: 9, number: 0 })).toBeUndefined();
    expect(axis.ordinalOf({ order: 0, number: -1 })).toBe(-1);
  });

  it("finds each position again by its ordinal", () => {
    const counts = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 40 }), (sizes, ordinal) => {
        const axis = new Axis(timelines(sizes), 0);
        const { order, number } = axis.locate(ordinal);
        expect(number).toBeGreaterThanOrEqual(0);
        expect(axis.ordinalOf({ order, number })).toBe(ordinal);
      }),
    );
  });
});
