import fc from "fast-check";
import { expect, it } from "vitest";
import { isResetting } from "./reset-mark.ts";

it("a mark holds for the longest reset, and never for more than twice that, however the wall clock is set", () => {
  const anyTime = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), anyTime, anyTime, (longestMs, madeMs, setMs) => {
      const untilMs = madeMs + longestMs;
      expect(isResetting(untilMs, madeMs, longestMs)).toBe(true);
      expect(isResetting(untilMs, untilMs, longestMs)).toBe(false);
      const counts = [0, 1, 2].map((times) => isResetting(untilMs, madeMs + setMs + times * longestMs, longestMs));
      expect(counts.filter(Boolean).length).toBeLessThanOrEqual(2);
    }),
  );
  expect(isResetting(null, 0, 1)).toBe(false);
});
