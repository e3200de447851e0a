import type { DirectoryReport } from "nakadi-broker";
import { expect, it } from "vitest";
import { repairText, verifyText } from "./report.ts";

const HEALTHY: DirectoryReport = {
  healthy: true,
  eventTypes: 1,
  events: 1_234,
  lost: [],
  snapshot: [],
  journal: [],
  unknownLogs: 0,
  unusable: [],
};

const DAMAGED: DirectoryReport = {
  ...HEALTHY,
  healthy: false,
  eventTypes: 17,
  lost: [
    { eventType: "order.created", timeline: 1, partition: 0, from: 7, to: 9 },
    { eventType: "order.created", timeline: 2, partition: 1, from: 500, to: 500 },
    { eventType: undefined, timeline: undefined, partition: 3, from: 0, to: 1 },
  ],
  snapshot: ["bytes 20 to 700"],
  journal: [{ from: 1_000, to: 1_200 }],
  unknownLogs: 2,
  unusable: ["broken"],
};

it("a damaged directory names all that is lost", () => {
  expect(repairText("./data", DAMAGED)).toMatchInlineSnapshot(`
    "./data was damaged. A broker can start now; damaged files are in ./data/damaged.
      kept  1,234 events of 17 event types
      lost  order.created, partition 0: 001-0001-000000000000000007 to 001-0001-000000000000000009
      lost  order.created, partition 1: 001-0002-000000000000000500
      lost  an unknown event type, partition 3: 001-0001-000000000000000000 to 001-0001-000000000000000001
      lost  snapshot, bytes 20 to 700: event types, subscriptions or positions
      lost  journal, bytes 1000 to 1200: what was written last
      lost  the event types of 2 logs
      The events of broken are lost: delete this event type, and create it again.
    "
  `);
  expect(verifyText("./data", DAMAGED).split("\n").slice(1)).toEqual(
    repairText("./data", DAMAGED).split("\n").slice(1),
  );
  expect(verifyText("./data", DAMAGED)).toMatch(/^\.\/data is damaged\. "nakadi repair \.\/data" saves/);
});

it("a directory that is not damaged needs one line", () => {
  for (const text of [verifyText("./data", HEALTHY), repairText("./data", HEALTHY)])
    expect(text).toBe("./data is not damaged: 1,234 events of 1 event type\n");
});
