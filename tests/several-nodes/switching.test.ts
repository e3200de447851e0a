/**
 * Event types change on any node, by new timelines, more partitions or their deletion, while all nodes publish, and one at a time
 * stands still until its lease has ended.
 */
import { expect, it, onTestFinished } from "vitest";
import { seeded } from "../churn/churn.ts";
import { Cluster, type Node } from "./cluster.ts";
import { createEventType, everything, type Numbered, Producers, send } from "./producers.ts";

const LEASE_MS = 300;
const ROUNDS = 4;

async function started(): Promise<{ cluster: Cluster; seed: number; nodeOf: () => Node }> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  const limits = { nodeLeaseMs: LEASE_MS, streamPollMs: 50, maxPartitions: 20 };
  const cluster = await Cluster.start({ nodes: 3, each: "request", seed, limits });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return { cluster, seed, nodeOf: () => cluster.nodeAt(Math.floor(random() * cluster.nodes.length)) };
}

/** One node stands still while the others change something, and is one of the nodes again when this resolves. */
async function whileOneStandsStill(
  cluster: Cluster,
  still: Node,
  change: (node: Node) => Promise<void>,
): Promise<void> {
  still.stop();
  for (const node of cluster.nodes.filter((one) => one !== still)) await change(node);
  still.goOn();
  await expect.poll(async () => (await fetch(`${still.broker.url}/health`)).status).toBe(200);
}

/** What one producer's events are where they were read: each once, in order. */
function expectInOrder(own: readonly number[], seed: number): void {
  expect(own, `seed ${seed}`).toEqual([...new Set(own)].sort((a, b) => a - b));
}

function ownOf(events: readonly Numbered[], producer: number): number[] {
  return events.filter((event) => event.producer === producer).map(({ n }) => n);
}

it.each([
  [
    "timelines",
    async (node: Node) => send(node.broker.url, "POST", "/event-types/e/timelines", { storage_id: "default" }),
    201,
  ],
  [
    "partitions",
    async (node: Node, count: number) =>
      send(node.broker.url, "PUT", "/event-types/e/partition-count", { partition_count: count }),
    204,
  ],
] as const)(
  "new %s lose and reorder nothing of what any node has acknowledged",
  async (what, change, expected) => {
    const { cluster, seed, nodeOf } = await started();
    const features = { feature: "repartitioning", enabled: true };
    expect(await send(cluster.url, "POST", "/settings/features", features)).toBe(204);
    const byProducer = { partition_strategy: "hash", partition_key_fields: ["producer"] };
    expect(await createEventType(cluster, "e", what === "partitions" ? byProducer : {})).toBe(201);
    const producers = new Producers(nodeOf, "e");
    let changes = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await whileOneStandsStill(cluster, nodeOf(), async (node) => {
        changes += 1;
        expect(await change(node, changes + 1), `seed ${seed}`).toBe(expected);
      });
    }
    // A producer may have met nodes that stand still only.
    await expect.poll(() => producers.acknowledged.every((numbers) => numbers.length > 0)).toBe(true);
    await producers.stop();
    expect(
      [...producers.refused].filter((status) => status !== 503),
      `seed ${seed}`,
    ).toEqual([]);
    const found = await everything(cluster.url, "e", what === "partitions" ? changes + 1 : 1);
    for (const [producer, numbers] of producers.acknowledged.entries()) {
      for (const events of found) expectInOrder(ownOf(events, producer), seed);
      const own = new Set(ownOf(found.flat(), producer));
      const lost = numbers.filter((n) => !own.has(n));
      expect(lost, `seed ${seed}, producer ${producer}`).toEqual([]);
    }
    expect(changes).toBe(2 * ROUNDS);
  },
  120_000,
);

it("a deleted event type leaves nothing in a new one of its name, on any node", async () => {
  const { cluster, seed, nodeOf } = await started();
  expect(await createEventType(cluster, "e")).toBe(201);
  const producers = new Producers(nodeOf, "e");
  for (let round = 0; round < ROUNDS; round += 1) {
    await expect.poll(() => producers.acknowledged.some((numbers) => numbers.length > 0)).toBe(true);
    let before: number[][] = [];
    let isDeleted = false;
    await whileOneStandsStill(cluster, nodeOf(), async (node) => {
      if (isDeleted) return;
      before = producers.acknowledged.map((numbers) => [...numbers]);
      expect(await send(node.broker.url, "DELETE", "/event-types/e"), `seed ${seed}`).toBe(200);
      expect(await createEventType(cluster, "e"), `seed ${seed}`).toBe(201);
      isDeleted = true;
    });
    const after = producers.acknowledged.map((numbers) => numbers.length);
    await expect
      .poll(() => producers.acknowledged.every((numbers, producer) => numbers.length > (after[producer] ?? 0)))
      .toBe(true);
    const [found = []] = await everything(cluster.url, "e");
    for (const [producer, numbers] of before.entries()) {
      const own = ownOf(found, producer);
      expectInOrder(own, seed);
      const old = own.filter((n) => numbers.includes(n));
      expect(old, `seed ${seed}, producer ${producer}`).toEqual([]);
    }
  }
  await producers.stop();
  expect(
    [...producers.refused].filter((status) => ![404, 503].includes(status)),
    `seed ${seed}`,
  ).toEqual([]);
}, 120_000);
