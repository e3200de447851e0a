/** A stream outlives its connection: `npx tsx examples/testing.ts`, or plain `node` from version 22.18. */
import { NakadiClient } from "nakadi-client";
import { FaultProxy, startNakadi } from "nakadi-testing";

interface Order {
  order: string;
}

const { broker, nakadi, stop } = await startNakadi();
const proxy = await FaultProxy.start(broker.url);
const client = new NakadiClient({ baseUrl: proxy.url });

await nakadi.eventTypes.create({
  name: "order.created",
  owning_application: "shop",
  category: "undefined",
  schema: { type: "json_schema", schema: "{}" },
});
const subscription = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "begin",
});
await nakadi.publisher<Order>("order.created").publish([{ order: "first" }]);

const stream = client.stream<Order>(subscription.id, { batchFlushTimeoutSeconds: 1 });
for await (const batch of stream) {
  for (const { order } of batch.events) console.log(order);
  await stream.commit(batch);
  if (batch.events.some(({ order }) => order === "second")) break;
  proxy.cut(); // the stream reconnects by itself
  await client.publisher<Order>("order.created").publish([{ order: "second" }]);
}

await client.close();
await proxy.close();
await stop();
