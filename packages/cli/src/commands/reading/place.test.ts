import fc from "fast-check";
import { expect, it } from "vitest";
import { parsePlace, placeText } from "./place.ts";

const NOW = Date.UTC(2026, 10, 25, 12);

it.each(["begin", "end", "committed"] as const)("%s is a place", (word) => {
  expect(parsePlace("--from", word, NOW)).toBe(word);
});

it("times and durations are places", () => {
  expect(parsePlace("--from", "15min", NOW)).toEqual({ time: NOW - 900_000 });
  expect(parsePlace("--from", "2026-11-25T10:00:00Z", NOW)).toEqual({ time: Date.UTC(2026, 10, 25, 10) });
});

it("positions are read as they are written", () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9][-.\w]{0,9}$/);
  const cursor = fc.record(
    { event_type: name, partition: name, offset: name },
    { requiredKeys: ["partition", "offset"] },
  );
  fc.assert(
    fc.property(fc.array(cursor, { minLength: 1 }), (cursors) => {
      expect(parsePlace("--from", placeText(cursors), NOW)).toEqual(cursors);
    }),
  );
});

it.each(["", "begn", "yesterday", "0:", ":1", "0:1,", "a/b/0:1", "0 : 1"])(
  "%j is not one, and the message names those that are",
  (text) => {
    expect(() => parsePlace("--from", text, NOW)).toThrow(
      `--from: "${text}" is not a place in a log. Places are: begin,`,
    );
  },
);
