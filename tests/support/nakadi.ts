/** A broker and a client for one test. */
import { randomUUID } from "node:crypto";
import { type Broker, type BrokerOptions, startBroker } from "nakadi-broker";
import { NakadiClient } from "nakadi-client";
import { onTestFinished } from "vitest";

export interface TestNakadi {
  broker: Broker;
  nakadi: NakadiClient;
  /** An event type of category `undefined` whose events go where `key` hashes to. */
  eventType(partitions?: number, schema?: object): Promise<string>;
  /** A new subscription from the beginning. */
  subscription(eventType: string): Promise<string>;
}

/** Both end with the test. */
export async function testNakadi(options: BrokerOptions = {}): Promise<TestNakadi> {
  const broker = await startBroker(options);
  onTestFinished(() => broker.close());
  const nakadi = new NakadiClient({ baseUrl: broker.url });
  onTestFinished(() => nakadi.close());
  return {
    broker,
    nakadi,
    async eventType(partitions = 1, schema = {}) {
      const name = `test.${randomUUID()}`;
      await nakadi.eventTypes.create({
        name,
        owning_application: "test",
        category: "undefined",
        partition_strategy: "hash",
        partition_key_fields: ["key"],
        schema: { type: "json_schema", schema: JSON.stringify(schema) },
        default_statistic: {
          messages_per_minute: 1,
          message_size: 1,
          read_parallelism: partitions,
          write_parallelism: partitions,
        },
      });
      return name;
    },
    async subscription(eventType) {
      const { id } = await nakadi.subscriptions.ensure({
        owning_application: `test-${randomUUID()}`,
        event_types: [eventType],
        read_from: "begin",
      });
      return id;
    },
  };
}
