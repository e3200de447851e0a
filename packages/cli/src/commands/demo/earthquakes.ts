/** The demo's data, and the event type that it becomes. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { EventType } from "nakadi-client";
import { packageFile } from "../../package-file.ts";

export interface Earthquake {
  id: string;
  /** The network that reported it. */
  net: string;
  mag: number;
  place: string;
  /** RFC 3339. */
  time: string;
  lon: number;
  lat: number;
  depth: number;
}

export interface EarthquakeEvent extends Earthquake {
  metadata: { eid: string; occurred_at: string };
}

export const EVENT_TYPE_NAME = "earthquake.observed";
const PARTITIONS = 4;

export const EVENT_TYPE: EventType = {
  name: EVENT_TYPE_NAME,
  owning_application: "nakadi-demo",
  category: "business",
  enrichment_strategies: ["metadata_enrichment"],
  partition_strategy: "hash",
  partition_key_fields: ["net"],
  schema: {
    type: "json_schema",
    schema: JSON.stringify({
      type: "object",
      properties: {
        id: { type: "string" },
        net: { type: "string", description: "the network that reported it" },
        mag: { type: "number" },
        place: { type: "string" },
        time: { type: "string", format: "date-time" },
        lon: { type: "number", minimum: -180, maximum: 180 },
        lat: { type: "number", minimum: -90, maximum: 90 },
        depth: { type: "number", description: "kilometres" },
      },
      required: ["id", "net", "mag", "place", "time", "lon", "lat", "depth"],
    }),
  },
  default_statistic: {
    messages_per_minute: 10_000,
    message_size: 500,
    read_parallelism: PARTITIONS,
    write_parallelism: PARTITIONS,
  },
};

/** As events, each with an id of its own. */
export async function readEarthquakes(): Promise<EarthquakeEvent[]> {
  const text = await readFile(packageFile("data/earthquakes.ndjson"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const quake = JSON.parse(line) as Earthquake;
      return { metadata: { eid: randomUUID(), occurred_at: quake.time }, ...quake };
    });
}
