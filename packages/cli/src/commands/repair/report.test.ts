import { expect, it } from "vitest";
import { reportText } from "./report.ts";

const untouched = { timeline: 1, kept: 0, lostBetween: 0, lostBefore: undefined, lostEnd: undefined };

it("a repair names every event type that lost something, and what", () => {
  const text = reportText("./data", {
    outcome: "rebuilt",
    keptAt: "./data/damaged-1.mdb",
    partitions: [
      { ...untouched, eventType: "whole", partition: 0, kept: 1_000 },
      { ...untouched, eventType: "order.created", partition: 0, kept: 234, lostBetween: 1, lostBefore: 7 },
      { ...untouched, eventType: "order.created", timeline: 2, partition: 1, kept: 1, lostEnd: { from: 9, next: 500 } },
      { ...untouched, eventType: "empty", partition: 0, lostEnd: { from: 0, next: 500 } },
      { ...untouched, eventType: undefined, timeline: undefined, partition: 3, lostEnd: { from: 0, next: 500 } },
    ],
    homeless: 12,
    records: { kept: 17, of: 18 },
    positions: { kept: 3, of: undefined },
    unusable: ["broken"],
  });
  expect(text).toMatchInlineSnapshot(`
    "./data was damaged. What can be read is in a new file now, and a broker can start.
      kept  1,235 events; 17 event types, subscriptions and settings; 3 committed positions
      lost  1 of 18 event types, subscriptions and settings
      lost  perhaps some of the committed positions: what was committed there comes again
      lost  order.created, partition 0: perhaps what came before 001-0001-000000000000000007
      lost  order.created, partition 0: 1 event between others
      lost  order.created, partition 1: perhaps what came from 001-0002-000000000000000009 on; new events go on at 001-0002-000000000000000500
      lost  perhaps what was in 2 partitions that hold no event now: empty 0, unknown 3
      lost  12 events whose event type is lost
      The storage of broken is lost: delete this event type, and create it again.
    The damaged file is ./data/damaged-1.mdb: delete it when you need it no more.
    "
  `);
});

it("a directory that is not damaged needs no repair", () => {
  expect(reportText("./data", { outcome: "healthy", events: 1_234 })).toBe(
    "./data is not damaged: 1,234 events, nothing to repair\n",
  );
  expect(reportText("./data", { outcome: "marked", events: 1 })).toMatch(/^\.\/data is not damaged: 1 events?\. .*\n$/);
});
