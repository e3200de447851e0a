/** The outbox over SQLite and real sockets: after any crash, every row is published, in order, or set aside. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BusinessEvent, businessEvents, NakadiClient, type Outbox } from "nakadi-client";
import { FaultProxy } from "nakadi-testing";
import sqlite from "node-sqlite3-wasm";
import { expect, it, onTestFinished } from "vitest";
import { inTransaction, SqliteOutbox } from "../../examples/sqlite-outbox.ts";
import { business } from "../support/event-types.ts";
import { collected } from "../support/collected.ts";
import { leavesNothing } from "../support/leaks.ts";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  n: number | string;
}

const numbered = businessEvents<Numbered>();

it("every row is published in order, or set aside, whatever happens to connections and publishers", async () => {
  const { broker, nakadi } = await testNakadi();
  const { name } = business();
  await nakadi.eventTypes.create(business(name));
  const folder = await mkdtemp(join(tmpdir(), "nakadi-outbox-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const database = new sqlite.Database(join(folder, "outbox.db"));
  onTestFinished(() => database.close());
  const proxy = await FaultProxy.start(broker.url);
  onTestFinished(() => proxy.close());

  const begun: { nakadi: NakadiClient; outbox: Outbox }[] = [];
  const begin = (): void => {
    const through = new NakadiClient({ baseUrl: proxy.url, requestTimeoutMs: 2_000 });
    const options = { maxRows: 20, pollMs: 5, retry: { initialDelayMs: 1, maxDelayMs: 10 } };
    const publisher = { retry: { attempts: 2, initialDelayMs: 1 } };
    begun.push({ nakadi: through, outbox: through.outbox(new SqliteOutbox(database), { ...options, publisher }) });
  };
  const left = (): number => Number(database.get("SELECT count(*) AS n FROM outbox WHERE rejected IS NULL")?.["n"]);

  // Two at once, as two processes would be: one of them has the lease.
  begin();
  begin();
  const store = new SqliteOutbox(database);
  const eids = new Map<number | string, string>();
  for (let round = 0; round < 6; round += 1) {
    inTransaction(database, () => {
      for (let n = round * 50; n < round * 50 + 50; n += 1) {
        const event = numbered({ n: n % 70 === 69 ? `bad ${n}` : n });
        eids.set(event.n, event.metadata.eid);
        store.add(name, event);
      }
    });
    await expect.poll(left, { interval: 5, timeout: 20_000 }).toBeLessThan(50);
    if (round % 2 === 0) proxy.cut();
    else proxy.cutAfter(0);
    const [first] = begun.splice(0, 1);
    await first?.nakadi.close();
    begin();
  }
  await expect.poll(left, { interval: 20, timeout: 20_000 }).toBe(0);
  for (const one of begun) {
    expect(await one.outbox.stop()).toMatchObject({ drained: true });
    await one.nakadi.close();
  }

  const aside = database.all("SELECT event FROM outbox ORDER BY id") as { event: string }[];
  expect(aside.map(({ event }) => (JSON.parse(event) as Numbered).n)).toEqual([
    "bad 69",
    "bad 139",
    "bad 209",
    "bad 279",
  ]);
  const batches = await collected(
    nakadi.streamEventType<BusinessEvent<{ n: number }>>(name, { from: "begin", until: "end" }),
  );
  const stored = batches.flatMap(({ events }) => events);
  const first = [...new Set(stored.map(({ n }) => n))];
  expect(first).toEqual(Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 70 !== 69));
  expect(stored.filter(({ n, metadata }) => metadata.eid !== eids.get(n))).toEqual([]);
});

it("an outbox leaves no socket, timer or listener behind", async () => {
  const { broker, nakadi } = await testNakadi();
  const { name } = business();
  await nakadi.eventTypes.create(business(name));
  await leavesNothing(async () => {
    const through = new NakadiClient({ baseUrl: broker.url });
    const database = new sqlite.Database();
    const store = new SqliteOutbox(database);
    store.add(name, numbered({ n: 1 }));
    const outbox = through.outbox(store);
    await expect.poll(() => database.get("SELECT count(*) AS n FROM outbox")?.["n"]).toBe(0);
    expect(await outbox.stop()).toEqual({ published: 1, rejected: 0, drained: true });
    await through.close();
    database.close();
  });
});
