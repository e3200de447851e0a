/** A consumer whose effect counts once: `npx tsx examples/invoices.ts`, or plain `node` from version 22.18. */
import { startBroker } from "nakadi-broker";
import { type Handler, type HandlerBatch, type HandlerContext, NakadiClient } from "nakadi-client";
import sqlite, { type Database } from "node-sqlite3-wasm";

export interface Order {
  customer: string;
  cents: number;
  /** Filled in by the publisher, for event types of the categories `business` and `data`. */
  metadata: { eid: string };
}

/** What each customer owes, and which events that is made of. */
export function createTables(database: Database): void {
  database.exec("CREATE TABLE handled (eid TEXT PRIMARY KEY)");
  database.exec("CREATE TABLE invoice (customer TEXT PRIMARY KEY, cents INTEGER NOT NULL)");
}

/** One transaction for the effect of the events and for the note that they had it. */
export function writeInvoices(database: Database, events: readonly Order[], signal: AbortSignal): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const { customer, cents, metadata } of events) {
      const { changes } = database.run("INSERT OR IGNORE INTO handled VALUES (?)", [metadata.eid]);
      if (changes === 0) continue; // it came before
      database.run("INSERT INTO invoice VALUES (?, ?) ON CONFLICT DO UPDATE SET cents = cents + excluded.cents", [
        customer,
        cents,
      ]);
    }
    signal.throwIfAborted(); // the session is gone: the events are delivered again, here or elsewhere
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error; // the batch is tried again
  }
}

const database = new sqlite.Database();
createTables(database);

const broker = await startBroker();
const nakadi = new NakadiClient({ baseUrl: broker.url });
await nakadi.eventTypes.create({
  name: "order.created",
  owning_application: "shop",
  category: "business",
  enrichment_strategies: ["metadata_enrichment"],
  schema: { type: "json_schema", schema: "{}" },
});
await nakadi.publisher("order.created").publish([
  { customer: "ann", cents: 1_000 },
  { customer: "bob", cents: 2_000 },
  { customer: "ann", cents: 500 },
]);
const subscription = await nakadi.subscriptions.ensure({
  owning_application: "billing",
  event_types: ["order.created"],
  read_from: "begin",
});

let came = 0;
function stopAfter(events: number): Handler<Order> {
  return {
    onBatch(batch: HandlerBatch<Order>, { signal }: HandlerContext) {
      writeInvoices(database, batch.events, signal);
      came += batch.events.length;
      return came === events ? "stop" : undefined;
    },
  };
}

// The first consumer handles everything and commits nothing, as if it had crashed just before. So everything is delivered again.
await nakadi.consume(subscription.id, stopAfter(3), { commit: "manual" }).done;
await nakadi.consume(subscription.id, stopAfter(6)).done;
console.log(came, database.all("SELECT customer, cents FROM invoice ORDER BY customer"));

await nakadi.close();
await broker.stop();
database.close();
