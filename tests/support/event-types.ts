/** Event types by category, with no more than that needs. */
import { randomUUID } from "node:crypto";
import type { EventType } from "nakadi-client";

export const business = (name = `test.${randomUUID()}`): EventType => ({
  name,
  owning_application: "test",
  category: "business",
  enrichment_strategies: ["metadata_enrichment"],
  schema: { type: "json_schema", schema: '{"properties":{"n":{"type":"number"}}}' },
});

export const uncategorized = (name: string): EventType => ({
  name,
  owning_application: "test",
  category: "undefined",
  schema: { type: "json_schema", schema: "{}" },
});
