import { describe, expect, test } from "vitest";
import { dateTimeFault } from "./date-time.ts";

test.each([
  "2026-01-02T03:04:05Z",
  "2026-01-02t03:04:05z",
  "2026-01-02T03:04:05.1Z",
  "2026-01-02T03:04:05.678901234Z",
  "2026-01-02T03:04:05.678901+05:30",
  "2024-02-29T23:59:59-18:00",
  "0000-01-01T00:00:00Z",
])("%s is one", (text) => {
  expect(dateTimeFault(text)).toBeUndefined();
});

describe("is none, and the index says where it went wrong", () => {
  test.each([
    ["", 0],
    ["yesterday", 0],
    ["2026", 4],
    ["2026-1-02T03:04:05Z", 5],
    ["2026-01-02 03:04:05Z", 10],
    ["2026-01-02T03:04:05", 19],
    ["2026-01-02T03:04:05 07:00", 19],
    ["2026-01-02T03:04:05.1234567890Z", 29],
    ["2026-01-02T03:04:05+0700", 19],
    ["2026-01-02T03:04:05+07:00:30", 25],
    ["2026-01-02T03:04:05Zulu", 20],
  ])("%s", (text, index) => {
    expect(dateTimeFault(text)).toBe(`must be a valid date-time Text '${text}' could not be parsed at index ${index}`);
  });
});

test.each([
  ["2026-13-02T03:04:05Z", "Invalid value for MonthOfYear (valid values 1 - 12): 13"],
  ["2026-01-45T03:04:05Z", "Invalid value for DayOfMonth (valid values 1 - 28/31): 45"],
  ["2026-01-02T24:04:05Z", "Invalid value for HourOfDay (valid values 0 - 23): 24"],
  ["2026-02-30T03:04:05Z", "Invalid date '2026-02-30'"],
  ["2025-02-29T03:04:05Z", "Invalid date '2025-02-29'"],
  ["2026-01-02T03:04:05+18:01", "Zone offset not in valid range: -18:00 to +18:00"],
])("%s has a number that is out of range", (text, reason) => {
  expect(dateTimeFault(text)).toBe(`must be a valid date-time Text '${text}' could not be parsed: ${reason}`);
});
