// Makes data/earthquakes.ndjson from the npm package vega-datasets: `node packages/cli/scripts/earthquakes.mjs`.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const SOURCE = new URL("../../../node_modules/vega-datasets/data/earthquakes.json", import.meta.url);

/** The earthquakes in the order in which they happened, one JSON object a line. */
export function earthquakeLines() {
  const { features } = JSON.parse(readFileSync(SOURCE, "utf8"));
  return features
    .map(({ id, properties: { net, mag, place, time }, geometry }) => {
      const [lon, lat, depth] = geometry.coordinates;
      return { id, net, mag, place, time: new Date(time).toISOString(), lon, lat, depth };
    })
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1))
    .map((quake) => `${JSON.stringify(quake)}\n`)
    .join("");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(fileURLToPath(new URL("../data/earthquakes.ndjson", import.meta.url)), earthquakeLines());
}
