/** The guide's effects that count once, whatever happens between the two commits. */
import { randomUUID } from "node:crypto";
import { NakadiClient } from "nakadi-client";
import sqlite from "node-sqlite3-wasm";
import { expect, it, onTestFinished, vi } from "vitest";
import { testNakadi } from "../support/nakadi.ts";

const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
const { createTables, writeInvoices } = await import("../../examples/invoices.ts");
type Order = Parameters<typeof writeInvoices>[1][number];

it("the example of invoices runs: six events come, three count", () => {
  expect(log.mock.calls).toEqual([
    [
      6,
      [
        { customer: "ann", cents: 1_500 },
        { customer: "bob", cents: 2_000 },
      ],
    ],
  ]);
});

it("each event counts once, though consumers end again and again between the database's commit and Nakadi's", async () => {
  const { broker, nakadi, subscription } = await testNakadi();
  const name = `orders.${randomUUID()}`;
  await nakadi.eventTypes.create({
    name,
    owning_application: "shop",
    category: "business",
    enrichment_strategies: ["metadata_enrichment"],
    partition_strategy: "random",
    schema: { type: "json_schema", schema: "{}" },
    default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: 2, write_parallelism: 2 },
  });
  const id = await subscription(name);
  await nakadi.publisher(name).publish(Array.from({ length: 200 }, (_, n) => ({ customer: `c${n % 5}`, cents: 1 })));
  const database = new sqlite.Database();
  onTestFinished(() => database.close());
  createTables(database);
  let came = 0;
  for (let life = 1; life <= 6; life += 1) {
    let lived = 0;
    const client = new NakadiClient({ baseUrl: broker.url });
    const consumer = client.consume<Order>(
      id,
      {
        onBatch({ events }, { signal }) {
          writeInvoices(database, events, signal);
          came += events.length;
          lived += 1;
          // All but the last die here: the effect is there, and no commit follows.
          if (life < 6 && lived === 3) void consumer.close();
        },
      },
      {
        batchLimit: 10,
        maxUncommittedEvents: 40,
        batchFlushTimeoutSeconds: 1,
        commit: "each",
        commitTimeoutSeconds: 1,
      },
    );
    if (life === 6) await expect.poll(unconsumed, { timeout: 20_000 }).toEqual([0, 0]);
    else await consumer.done;
    await client.close();
  }
  expect(came).toBeGreaterThan(200);
  expect(database.all("SELECT customer, cents FROM invoice ORDER BY customer")).toEqual(
    [0, 1, 2, 3, 4].map((n) => ({ customer: `c${n}`, cents: 40 })),
  );

  async function unconsumed(): Promise<(number | undefined)[]> {
    const stats = await nakadi.subscriptions.stats(id);
    return stats.flatMap(({ partitions }) => partitions.map((one) => one.unconsumed_events));
  }
});
