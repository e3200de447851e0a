/** A broker for one test, with event types and events in it. */
import { randomUUID } from "node:crypto";
import { type BrokerOptions, startBroker } from "nakadi-broker";
import { NakadiClient } from "nakadi-client";
import { onTestFinished } from "vitest";

export interface TestServer {
  url: string;
  nakadi: NakadiClient;
  /** An event type whose events need a text `order`; they go where it hashes to. */
  orders(name?: string, partitions?: number): Promise<string>;
  /** The orders that an event type of one partition holds. */
  published(eventType: string): Promise<string[]>;
  /** Ends the broker before the test ends. */
  close(): Promise<void>;
}

export async function testServer(options: BrokerOptions = {}): Promise<TestServer> {
  const broker = await startBroker(options);
  onTestFinished(() => broker.close());
  const nakadi = new NakadiClient({ baseUrl: broker.url });
  onTestFinished(() => nakadi.close());
  return {
    url: broker.url,
    nakadi,
    close: () => broker.close(),
    async orders(name = `order.${randomUUID()}`, partitions = 1) {
      await nakadi.eventTypes.create({
        name,
        owning_application: "shop",
        category: "undefined",
        partition_strategy: "hash",
        partition_key_fields: ["order"],
        schema: {
          type: "json_schema",
          schema: '{"type":"object","required":["order"],"properties":{"order":{"type":"string"}}}',
        },
        default_statistic: {
          messages_per_minute: 1,
          message_size: 1,
          read_parallelism: partitions,
          write_parallelism: partitions,
        },
      });
      return name;
    },
    async published(eventType) {
      const [partition] = await nakadi.eventTypes.partitions(eventType);
      const count = Number(partition?.newest_available_offset.split("-").at(-1)) + 1;
      if (partition?.newest_available_offset.endsWith("--1") || count === 0) return [];
      const query = `batch_limit=${count}&stream_limit=${count}`;
      const response = await fetch(`${broker.url}/event-types/${eventType}/events?${query}`, {
        headers: { "x-nakadi-cursors": '[{"partition":"0","offset":"BEGIN"}]' },
      });
      const lines = (await response.text()).split("\n").filter((line) => line !== "");
      const batches = lines.map((line) => JSON.parse(line) as { events?: { order: string }[] });
      return batches.flatMap(({ events = [] }) => events).map(({ order }) => order);
    },
  };
}
