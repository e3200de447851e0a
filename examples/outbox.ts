/** Orders in SQLite, and an event for each in the same transaction: `npx tsx examples/outbox.ts`, or plain `node` from version 22.18. */
import { startBroker } from "nakadi-broker";
import { businessEvents, NakadiClient } from "nakadi-client";
import sqlite from "node-sqlite3-wasm";
import { inTransaction, SqliteOutbox } from "./sqlite-outbox.ts";

interface Order {
  order: string;
  total: number;
}

const broker = await startBroker();
const nakadi = new NakadiClient({ baseUrl: broker.url });
await nakadi.eventTypes.create({
  name: "order.created",
  owning_application: "shop",
  category: "business",
  enrichment_strategies: ["metadata_enrichment"],
  schema: { type: "json_schema", schema: JSON.stringify({ properties: { total: { type: "integer", minimum: 1 } } }) },
});

const database = new sqlite.Database(); // in memory; give it a file's name
database.exec("CREATE TABLE orders (id TEXT PRIMARY KEY, total INTEGER NOT NULL)");

const store = new SqliteOutbox(database);
const orderCreated = businessEvents<Order>();

function place(order: string, total: number): void {
  inTransaction(database, () => {
    database.run("INSERT INTO orders (id, total) VALUES (?, ?)", [order, total]);
    store.add("order.created", orderCreated({ order, total }));
  });
  outbox.wake();
}

const outbox = nakadi.outbox(store, {
  onRejected: ({ row, detail }) => console.log("set aside:", row.id, detail),
  onRetry: (error, delayMs) => console.log(`again in ${delayMs} ms:`, error),
});

place("first", 100);
place("second", 0); // against the schema
place("third", 300);
try {
  place("first", 1); // there is one already: neither the order nor its event is written
} catch (error) {
  console.log("refused:", (error as Error).message);
}

const { id } = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "begin",
});
const stream = nakadi.stream<Order>(id, { batchFlushTimeoutSeconds: 1 });
for await (const batch of stream) {
  for (const { order, total } of batch.events) console.log("read:", order, total);
  await stream.commit(batch);
  if (batch.events.some(({ order }) => order === "third")) break;
}

console.log(await outbox.stop({ drainMs: 10_000 }));
console.log(database.all("SELECT event, rejected FROM outbox").length, "row is left, set aside");
await nakadi.close();
await broker.stop();
database.close();
