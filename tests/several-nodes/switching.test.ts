/** Timelines are switched on any node while all of them publish, and one at a time stands still until its lease has ended. */
import { expect, it } from "vitest";
import { seeded } from "../churn/churn.ts";
import { Cluster, type Node } from "./cluster.ts";

const LEASE_MS = 300;
const ROUNDS = 4;
const PRODUCERS = 6;

it("loses and reorders nothing of what any node has acknowledged", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  const limits = { nodeLeaseMs: LEASE_MS, streamPollMs: 50 };
  const cluster = await Cluster.start({ nodes: 3, each: "request", seed, limits });
  const schema = { type: "json_schema", schema: "{}" };
  const eventType = { name: "e", owning_application: "app", category: "undefined", schema };
  expect(await post(cluster.url, "/event-types", eventType)).toBe(201);
  let isOver = false;
  const nodeOf = (): Node => cluster.nodeAt(Math.floor(random() * cluster.nodes.length));
  const acknowledged: number[][] = [];
  const producing = Array.from({ length: PRODUCERS }, async (_, producer) => {
    const numbers: number[] = (acknowledged[producer] = []);
    for (let n = 0; !isOver; n += 1) {
      // Also to those that stand still: what was begun there ends when they go on.
      const status = await post(nodeOf().broker.url, "/event-types/e/events", [{ producer, n }]);
      expect([200, 503], `seed ${seed}`).toContain(status);
      if (status === 200) numbers.push(n);
    }
  });
  let switches = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const still = nodeOf();
    still.stop();
    for (const node of cluster.nodes.filter((one) => one !== still)) {
      const status = await post(node.broker.url, "/event-types/e/timelines", { storage_id: "default" });
      expect(status, `seed ${seed}`).toBe(201);
      switches += 1;
    }
    still.goOn();
    // It is one of the nodes again.
    await expect.poll(async () => (await fetch(`${still.broker.url}/health`)).status).toBe(200);
  }
  // A producer may have met nodes that stand still only.
  await expect.poll(() => acknowledged.every((numbers) => numbers.length > 0)).toBe(true);
  isOver = true;
  await Promise.all(producing);
  const found = await everything(cluster.url);
  await cluster[Symbol.asyncDispose]();
  for (const [producer, numbers] of acknowledged.entries()) {
    const own = found.filter((event) => event.producer === producer).map(({ n }) => n);
    expect(own, `seed ${seed}, producer ${producer}`).toEqual([...own].sort((a, b) => a - b));
    expect(new Set(own).size).toBe(own.length);
    expect(
      numbers.filter((n) => !own.includes(n)),
      `seed ${seed}, producer ${producer}`,
    ).toEqual([]);
    expect(numbers.length).toBeGreaterThan(0);
  }
  expect(switches).toBe(2 * ROUNDS);
}, 120_000);

async function post(url: string, path: string, json: unknown): Promise<number> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(json) });
  await response.arrayBuffer();
  return response.status;
}

/** All events from the first one on. */
async function everything(url: string): Promise<{ producer: number; n: number }[]> {
  const cursors = JSON.stringify([{ partition: "0", offset: "BEGIN" }]);
  const query = "batch_limit=1000&batch_flush_timeout=1&stream_timeout=3";
  const headers = { "x-nakadi-cursors": cursors };
  const response = await fetch(`${url}/event-types/e/events?${query}`, { headers });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.flatMap((line) => (JSON.parse(line) as { events?: { producer: number; n: number }[] }).events ?? []);
}
