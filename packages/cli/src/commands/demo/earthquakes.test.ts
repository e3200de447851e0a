import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { earthquakeLines } from "../../../scripts/earthquakes.mjs";
import { readEarthquakes } from "./earthquakes.ts";

it("the demo's data is what the generator makes of vega-datasets", async () => {
  const file = await readFile(new URL("../../../data/earthquakes.ndjson", import.meta.url), "utf8");
  expect(file).toBe(earthquakeLines());
});

it("every earthquake becomes an event with an id of its own", async () => {
  const events = await readEarthquakes();
  expect(events.length).toBeGreaterThan(1_000);
  expect(new Set(events.map(({ metadata }) => metadata.eid)).size).toBe(events.length);
  expect(events.every(({ metadata, time }) => metadata.occurred_at === time)).toBe(true);
});
