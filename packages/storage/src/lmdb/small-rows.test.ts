import fc from "fast-check";
import { expect, it } from "vitest";
import { SmallRows } from "./small-rows.ts";

const anyRows = fc
  .array(
    fc.record({
      records: fc.integer({ min: 1, max: 3 }),
      bytes: fc.oneof({ weight: 20, arbitrary: fc.nat(1_000) }, { weight: 1, arbitrary: fc.nat(10_000) }),
      waitMs: fc.oneof({ weight: 30, arbitrary: fc.nat(50) }, { weight: 1, arbitrary: fc.nat(100_000) }),
      gap: fc.oneof({ weight: 50, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    }),
    { minLength: 100, maxLength: 400 },
  )
  .map((steps) => {
    let [first, timestampMs] = [0, 0];
    return steps.map(({ records, bytes, waitMs, gap }) => {
      first += gap;
      timestampMs += waitMs;
      const row = { first, last: first + records - 1, timestampMs, bytes };
      first += records;
      return row;
    });
  });

it("runs are of small rows, without a gap, of one minute, not too large, and none has part in two", () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const small = new SmallRows();
      let end = -1;
      for (const row of rows) {
        const run = small.add(row);
        if (!run) continue;
        expect(run.first).toBeGreaterThan(end);
        end = run.last;
        expect(run.last).toBeLessThanOrEqual(row.last);
        const members = rows.filter(({ first, last }) => first >= run.first && last <= run.last);
        expect(members.length).toBeGreaterThanOrEqual(16);
        expect(members.length).toBeLessThanOrEqual(128);
        expect(members.every(({ bytes }) => bytes <= 4_096)).toBe(true);
        expect(members.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(65_536);
        expect(members.reduce((sum, { first, last }) => sum + last - first + 1, 0)).toBe(run.last - run.first + 1);
        const times = members.map(({ timestampMs }) => timestampMs);
        expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(60_000);
      }
    }),
  );
});

it("many small rows in one minute are all merged but the last ones", () => {
  const small = new SmallRows();
  let merged = 0;
  for (let first = 0; first < 1_000; first++) {
    const run = small.add({ first, last: first, timestampMs: first, bytes: 100 });
    if (run) merged += run.last - run.first + 1;
  }
  expect(merged).toBe(896);
});
