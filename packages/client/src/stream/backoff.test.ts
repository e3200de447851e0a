import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

const options = { initialDelayMs: 10, maxDelayMs: 10_000 };

it("grows by half each time up to its maximum, in the middle of all chances", () => {
  expect([0, 1, 2, 3, 17, 18, 100].map((failures) => Math.round(backoffMs(failures, options, 0.5)))).toEqual([
    10, 15, 23, 34, 9_853, 10_000, 10_000,
  ]);
});

it("lies within half of the plan, and never before what the server asked for", () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(60_000),
      (failures, random, asked) => {
        const plan = backoffMs(failures, options, 0.5);
        const wait = backoffMs(failures, options, random);
        expect(wait).toBeGreaterThanOrEqual(plan * 0.5);
        expect(wait).toBeLessThanOrEqual(plan * 1.5);
        expect(backoffMs(failures, options, random, asked)).toBe(Math.max(asked, wait));
      },
    ),
  );
});
