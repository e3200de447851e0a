/** A client over a scripted transport, and what it administers. */
import { onTestFinished } from "vitest";
import { type EventType, NakadiClient, type NakadiClientOptions, type Subscription } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";

export function testClient(options: Partial<NakadiClientOptions> = {}): {
  nakadi: NakadiClient;
  transport: ScriptedTransport;
} {
  const transport = new ScriptedTransport();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, ...options });
  onTestFinished(() => nakadi.close());
  return { nakadi, transport };
}

export const cursor = { partition: "0", offset: "001-0001-000000000000000004" };
export const schema = { type: "json_schema", schema: "{}" } as const;
export const eventType: EventType = { name: "a.b", owning_application: "o", category: "undefined", schema };
export const subscription: Subscription = {
  id: "s",
  owning_application: "o",
  event_types: ["a.b"],
  consumer_group: "default",
  read_from: "end",
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
};
export const storage = { id: "main", storage_type: "kafka", kafka_configuration: {} } as const;
export const service = { data_type: "service", value: "x" };
export const ownedByService = { admins: [service], readers: [service], writers: [service] };
