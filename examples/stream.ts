/** A stream whose program commits by itself: `npx tsx examples/stream.ts`, or plain `node` from version 22.18. */
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
  schema: { type: "json_schema", schema: "{}" },
});
await nakadi.publisher<Order>("order.created").publish([{ order: "first" }, { order: "second" }]);
const { id: subscriptionId } = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "begin",
});

let handled = 0;
function handle(orders: readonly Order[]): void {
  for (const { order } of orders) console.log(order);
  handled += orders.length;
}

const stream = nakadi.stream<Order>(subscriptionId, {
  batchLimit: 100,
  maxUncommittedEvents: 1_000,
  batchFlushTimeoutSeconds: 1,
  commitRetry: true,
  onRetry: (error, delayMs) => console.log(error.message, delayMs),
});
for await (const batch of stream) {
  handle(batch.events);
  await stream.commit(batch);
  if (handled === 2) break; // leaving the loop closes the stream
}

await nakadi.close();
await broker.stop();
