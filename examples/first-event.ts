/** Publishes three orders and reads them back: `npx tsx examples/first-event.ts`, or plain `node` from version 22.18. */
import { startBroker } from "nakadi-broker";
import { NakadiClient } from "nakadi-client";

interface Order {
  order: string;
}

const broker = await startBroker();
const nakadi = new NakadiClient({ baseUrl: broker.url });

await nakadi.eventTypes.create({
  name: "order.created",
  owning_application: "shop",
  category: "undefined",
  schema: { type: "json_schema", schema: JSON.stringify({ properties: { order: { type: "string" } } }) },
});
await nakadi.publisher<Order>("order.created").publish([{ order: "first" }, { order: "second" }, { order: "third" }]);

const subscription = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "begin",
});
const stream = nakadi.stream<Order>(subscription.id, { batchLimit: 10, batchFlushTimeoutSeconds: 1 });
for await (const batch of stream) {
  console.log(batch.cursor.offset, batch.events);
  await stream.commit(batch);
  if (batch.events.some(({ order }) => order === "third")) break;
}
await nakadi.close();
await broker.stop();
