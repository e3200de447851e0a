/** Every way to publish, once: `npx tsx examples/publishing.ts`, or plain `node` from version 22.18. */
import { startBroker } from "nakadi-broker";
import { businessEvents, dataChanges, type EventType, NakadiClient, PublishError, tombstone } from "nakadi-client";
import { z } from "zod";

const broker = await startBroker();
const nakadi = new NakadiClient({ baseUrl: broker.url });

interface Order {
  order: string;
  total: number;
}

const orderCreatedType: EventType = {
  name: "order.created",
  owning_application: "shop",
  category: "business",
  enrichment_strategies: ["metadata_enrichment"],
  partition_strategy: "hash",
  partition_key_fields: ["order"],
  schema: {
    type: "json_schema",
    schema: JSON.stringify({ properties: { order: { type: "string" }, total: { type: "number", minimum: 0 } } }),
  },
};
await nakadi.eventTypes.ensure(orderCreatedType);
await nakadi.eventTypes.ensure({
  ...orderCreatedType,
  name: "customer",
  category: "data",
  cleanup_policy: "compact",
  partition_key_fields: ["id"],
  schema: { type: "json_schema", schema: JSON.stringify({ properties: { id: {}, name: { type: "string" } } }) },
});

const publisher = nakadi.publisher<Order>("order.created");
const { verdicts } = await publisher.publish([
  { order: "first", total: 100 },
  { order: "second", total: 200 },
]);
console.log(verdicts.map(({ status, eid }) => `${status} ${eid}`));

try {
  await publisher.publish([
    { order: "third", total: 300 },
    { order: "fourth", total: -1 },
  ]);
} catch (error) {
  if (!(error instanceof PublishError)) throw error;
  error.verdicts.forEach(({ status, step, detail }, index) => console.log(index, status, step, detail));
}

const orderCreated = businessEvents<Order>();
const event = orderCreated({ order: "fifth", total: 500 }, { flow_id: "checkout-42" });
await publisher.publish([event]);

const Customer = z.object({ id: z.string(), name: z.string() });
const customers = dataChanges("customer", Customer);
const customerPublisher = nakadi.publisher("customer");
const forKey = (id: string): { partition_compaction_key: string } => ({ partition_compaction_key: id });
await customerPublisher.publish([
  customers.create({ id: "1", name: "Ada" }, forKey("1")),
  customers.update({ id: "1", name: "Ada L." }, forKey("1")),
  customers.snapshot({ id: "2", name: "Bob" }, forKey("2")),
  customers.delete({ id: "1", name: "Ada L." }, forKey("1")),
]);

await customerPublisher.delete([tombstone("1", { data: { id: "1" } })]);

const { id: subscriptionId } = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "begin",
});
const replay = nakadi.publisher<Order>("order.created", { consumerSubscriptionId: subscriptionId });
await replay.publish([{ order: "again", total: 100 }]);

const batching = nakadi.publisher<Order>("order.created", {
  partitionKey: ({ order }) => order,
  batching: { maxEvents: 1_000, lingerMs: 5, maxInFlight: 4 },
  compression: "gzip",
  throwOn: "never",
});
const sending: Promise<void>[] = [];
for (let n = 0; n < 1_000; n += 1) {
  await batching.ready();
  sending.push(
    batching.send({ order: `order ${n % 100}`, total: n }).then(({ status, detail }) => {
      if (status !== "submitted") console.error(n, status, detail);
    }),
  );
}
await batching.flush(); // everything so far has its verdict
await Promise.all(sending);
console.log(await batching.stop({ drainMs: 10_000 })); // when the program ends: nothing that was sent is lost

await nakadi.close();
await broker.stop();
