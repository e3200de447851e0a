import fc from "fast-check";
import { expect, it } from "vitest";
import { parseDuration, parseMoment } from "./moment.ts";

const NOW = Date.UTC(2026, 10, 25, 12);

it.each([
  ["90s", 90_000],
  ["15m", 900_000],
  ["15min", 900_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
])("the duration %s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(parseMoment(text, NOW)).toBe(NOW - ms);
});

it("times are ISO 8601, of this machine's zone where they name none", () => {
  expect(parseMoment("2026-11-25T10:00:00Z", NOW)).toBe(Date.UTC(2026, 10, 25, 10));
  expect(parseMoment("2026-11-25T10:00:00+02:00", NOW)).toBe(Date.UTC(2026, 10, 25, 8));
  expect(parseMoment("2026-11-25 10:00", NOW)).toBe(new Date(2026, 10, 25, 10).getTime());
  expect(parseMoment("2026-11-25", NOW)).toBe(Date.UTC(2026, 10, 25));
});

it.each(["", "yesterday", "10", "5 m", "-1h", "2026-13-01", "2026-11-25T99:00Z", "1"])("%j is not a time", (text) => {
  expect(parseMoment(text, NOW)).toBeUndefined();
});

it("reads every time that JavaScript writes", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
      expect(parseMoment(date.toISOString(), NOW)).toBe(date.getTime());
    }),
  );
});
