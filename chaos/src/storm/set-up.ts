/** What a chaos run needs on its broker. */
import { Agent } from "undici";
import { demand } from "../raw-http.ts";

export const EVENT_TYPES: readonly string[] = ["chaos.first", "chaos.second"];
export const DEAD_LETTERS = "chaos.dead";
const PARTITIONS = 4;

/** The subscription's id. */
export async function setUp(url: string): Promise<string> {
  const dispatcher = new Agent();
  const create = (eventType: object): Promise<unknown> =>
    demand(dispatcher, {
      method: "POST",
      url: `${url}/event-types`,
      json: { owning_application: "chaos", ...eventType },
    });
  const properties = { id: { type: "string" }, key: { type: "string" }, bad: { type: "string" } };
  for (const name of EVENT_TYPES) {
    await create({
      name,
      category: "business",
      partition_strategy: "hash",
      partition_key_fields: ["key"],
      enrichment_strategies: ["metadata_enrichment"],
      schema: { type: "json_schema", schema: JSON.stringify({ properties, required: ["id", "key"] }) },
      default_statistic: {
        messages_per_minute: 1,
        message_size: 1,
        read_parallelism: PARTITIONS,
        write_parallelism: PARTITIONS,
      },
    });
  }
  await create({ name: DEAD_LETTERS, category: "undefined", schema: { type: "json_schema", schema: "{}" } });
  const { id } = await demand<{ id: string }>(dispatcher, {
    method: "POST",
    url: `${url}/subscriptions`,
    json: { owning_application: "chaos", event_types: EVENT_TYPES, read_from: "begin" },
  });
  await dispatcher.close();
  return id;
}
