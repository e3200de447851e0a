/** Everything that can be administered, once: `npx tsx examples/administration.ts`, or plain `node` from version 22.18. */
import { startBroker } from "nakadi-broker";
import { type EventType, HttpError, memoryCursorStore, NakadiClient, renderDifference } from "nakadi-client";

interface Order {
  order: string;
}

const broker = await startBroker();
const nakadi = new NakadiClient({ baseUrl: broker.url });

const wanted: EventType = {
  name: "order.created",
  owning_application: "shop",
  category: "business",
  partition_strategy: "hash",
  partition_key_fields: ["order"],
  enrichment_strategies: ["metadata_enrichment"],
  schema: { type: "json_schema", schema: JSON.stringify({ properties: { order: { type: "string" } } }) },
  default_statistic: { messages_per_minute: 100, message_size: 100, read_parallelism: 2, write_parallelism: 2 },
};
console.log(renderDifference(await nakadi.eventTypes.ensure(wanted, { dryRun: true })));
const eventType = await nakadi.eventTypes.ensure(wanted);

await nakadi.eventTypes.update({ ...eventType, annotations: { "example.org/team": "checkout" } });

await nakadi.schemas.add("order.created", {
  type: "json_schema",
  schema: JSON.stringify({ properties: { order: { type: "string" }, total: { type: "number" } } }),
});
for await (const { version, created_at } of nakadi.schemas.list("order.created")) console.log(version, created_at);

const subscription = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "end",
});

const since = new Date();
const orders = ["first", "second", "third"].map((order) => ({
  metadata: { eid: crypto.randomUUID(), occurred_at: new Date().toISOString() },
  order,
}));
await nakadi.publisher("order.created").publish(orders);

for (const { partition, events, seconds } of await nakadi.subscriptions.lag(subscription.id)) {
  console.log(`partition ${partition}: ${events} events, ${seconds ?? 0} s behind`);
}

for await (const { id, consumer_group } of nakadi.subscriptions.list({ eventTypes: ["order.created"] })) {
  console.log(id, consumer_group, await nakadi.subscriptions.stats(id, { timeLag: true }));
}

await nakadi.subscriptions.resetCursors(subscription.id, "end"); // skip what is there
await nakadi.subscriptions.resetCursors(subscription.id, { time: since }); // everything that came since then again
await nakadi.subscriptions.resetCursors(subscription.id, { last: 100 }); // the last hundred of each partition
console.log(await nakadi.subscriptions.cursors(subscription.id));

const store = memoryCursorStore();
const stream = nakadi.streamEventType<Order>("order.created", {
  from: "begin",
  until: "end",
  store,
  expired: "oldest",
});
for await (const batch of stream) {
  console.log(batch.cursor, batch.events);
  await stream.commit(batch);
}

for await (const { event, cursor } of nakadi.search<Order>("order.created", ({ order }) => order === "second")) {
  console.log(cursor, event);
}

const begin = await nakadi.positions("order.created", "begin");
const end = await nakadi.positions("order.created", "end");
console.log(await nakadi.lag("order.created", begin));
const pairs = begin.flatMap((initial_cursor) =>
  end
    .filter(({ partition }) => partition === initial_cursor.partition)
    .map((final_cursor) => ({ initial_cursor, final_cursor })),
);
for (const { distance } of await nakadi.eventTypes.distances("order.created", pairs)) console.log(distance);

await nakadi.eventTypes.setPartitionCount("order.created", 4);
const [storage] = await nakadi.storages.list().toArray();
if (storage) await nakadi.timelines.create("order.created", storage.id);
await nakadi.settings.block("CONSUMER_APP", "billing");
await nakadi.settings.unblock("CONSUMER_APP", "billing");

try {
  await nakadi.eventTypes.delete("order.created");
} catch (error) {
  if (!(error instanceof HttpError)) throw error;
  console.log(error.code, error.status, error.message);
}
await nakadi.subscriptions.delete(subscription.id);
await nakadi.eventTypes.delete("order.created");

await nakadi.close();
await broker.stop();
