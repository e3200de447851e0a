/** A broker with what the command line's documentation speaks of: orders, and a subscription to them. */
import { testNakadi, type TestNakadi } from "./nakadi.ts";

export interface Orders extends TestNakadi {
  /** Of the event type order.created. */
  subscription: TestNakadi["subscription"];
  id: string;
}

/** `count` orders, the first of which is `first`. */
export async function orders(count = 20): Promise<Orders> {
  const server = await testNakadi();
  await server.nakadi.eventTypes.create({
    name: "order.created",
    owning_application: "shop",
    category: "business",
    enrichment_strategies: ["metadata_enrichment"],
    partition_strategy: "hash",
    partition_key_fields: ["order"],
    schema: { type: "json_schema", schema: "{}" },
    default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: 2, write_parallelism: 2 },
  });
  const id = await server.subscription("order.created");
  const all = Array.from({ length: count }, (_, index) => ({
    order: index === 0 ? "first" : `order-${index}`,
    total: 100 + index,
  }));
  if (count > 0) await server.nakadi.publisher("order.created").publish(all);
  return { ...server, id };
}
