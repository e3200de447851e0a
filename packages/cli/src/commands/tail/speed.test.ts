import fc from "fast-check";
import { expect, it } from "vitest";
import { Speed } from "./speed.ts";

it("is that of the last seconds, whenever it is asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 50 }), (before, each) => {
      const speed = new Speed(0);
      speed.add(before);
      for (let atMs = 200; atMs <= 20_000; atMs += 200) {
        speed.add(each);
        speed.recent(atMs);
      }
      expect(speed.recent(20_000)).toBeCloseTo(each * 5, 6);
      expect(speed.average(20_000)).toBeCloseTo((before + each * 100) / 20, 6);
      expect(speed.total).toBe(before + each * 100);
    }),
  );
});

it("falls to nothing when nothing comes", () => {
  const speed = new Speed(0);
  speed.add(100);
  expect(speed.recent(1_000)).toBe(100);
  expect(speed.recent(0)).toBe(0);
  speed.recent(6_000);
  expect(speed.recent(12_000)).toBe(0);
});
