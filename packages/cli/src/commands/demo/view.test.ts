import { expect, it } from "vitest";
import { renderView } from "./view.ts";

const view = {
  total: 1_707,
  published: 854,
  delivered: 100,
  eventsPerSecond: 211.4,
  partitions: [
    { partition: "0", owner: "stream 1", lag: 12 },
    { partition: "1", owner: "", lag: 0 },
  ],
  strongest: { mag: 6.4, place: "18km NNE of Hualian, Taiwan" },
  news: ["one", "two", "three", "four", "five"],
};

it("the live view shows progress, owners, lag, the strongest quake and the newest news", () => {
  expect(renderView(view, 80)).toMatchInlineSnapshot(`
    [
      "earthquake.observed",
      "  published ████████████░░░░░░░░░░░░ 854 of 1,707",
      "  delivered █░░░░░░░░░░░░░░░░░░░░░░░ 100  211 events/s",
      "",
      "  partition  owner       lag",
      "  0          stream 1    12",
      "  1          –           0",
      "",
      "  strongest so far: 6.4 18km NNE of Hualian, Taiwan",
      "  two",
      "  three",
      "  four",
      "  five",
    ]
  `);
});

it("no line of the live view is longer than the terminal is wide", () => {
  for (const line of renderView(view, 20)) expect(line.length).toBeLessThanOrEqual(20);
});
