// How long a publish takes in a store with a past, and how much memory that past needs, against a store without one.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fill, started, stopped } from "./disk-broker.mjs";
import { createEventType } from "./event-type.mjs";
import { publish } from "./fsync.mjs";

const EVENTS = Number(process.env["BENCH_EVENTS"] ?? 1_000_000);
const FEW_EVENTS = 10_000;
const ROUNDS = 7;
const PUBLISHES = 300;
const RETENTION_MS = 10_000;

// What has happened in the store; the result runs while publishes are measured.
const pasts = {
  full: async (url) => {
    await createEventType(url, "past");
    await fill(url, "past", EVENTS);
  },
  deleted: async (url) => {
    await pasts.full(url);
    const { status } = await fetch(`${url}/event-types/past`, { method: "DELETE" });
    if (status !== 200) throw new Error(`deleting: ${status}`);
  },
  retention: async (url) => {
    await createEventType(url, "past", { options: { retention_time: RETENTION_MS } });
    await fill(url, "past", EVENTS);
    return async () => void (await (await fetch(`${url}/event-types/past/partitions`)).arrayBuffer());
  },
};

export const agedRows = [
  ...Object.entries(pasts).map(([name, past]) => ({
    name: `aged-${name}`,
    unit: "µs",
    run: () =>
      compared(past, async ({ url, background }) => {
        const began = performance.now();
        for (let count = 0; count < PUBLISHES; count += 1) {
          if (count % 10 === 0) void background?.();
          await publish(url);
        }
        return ((performance.now() - began) * 1_000) / PUBLISHES;
      }),
  })),
  {
    name: "resident",
    unit: "MiB",
    async run() {
      const folder = await mkdtemp(join(tmpdir(), "nakadi-bench-"));
      const results = { ours: [], limit: [] };
      try {
        for (const [name, events] of [
          ["ours", EVENTS],
          ["limit", FEW_EVENTS],
        ]) {
          const directory = join(folder, name);
          const filled = await started(directory);
          await createEventType(filled.url);
          await fill(filled.url, "bench", events);
          await stopped(filled.broker);
          const { broker, url } = await started(directory);
          const query = "batch_limit=1000&stream_limit=10000&batch_flush_timeout=1&stream_timeout=30";
          await (await fetch(`${url}/event-types/bench/events?${query}`, { headers: BEGIN })).arrayBuffer();
          const status = await readFile(`/proc/${broker.pid}/status`, "utf8");
          results[name].push(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
          await stopped(broker);
        }
      } finally {
        await rm(folder, { recursive: true });
      }
      return results;
    },
  },
];

const BEGIN = {
  "x-nakadi-cursors": JSON.stringify(
    Array.from({ length: 8 }, (_, partition) => ({ partition: String(partition), offset: "BEGIN" })),
  ),
};

async function compared(past, measure) {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-bench-"));
  const stores = {};
  const results = { ours: [], limit: [] };
  try {
    for (const name of ["ours", "limit"]) {
      stores[name] = await started(join(folder, name));
      await createEventType(stores[name].url);
    }
    const background = await past(stores.ours.url);
    for (let round = -1; round < ROUNDS; round += 1) {
      // In turns, so that neither is always the first.
      for (const name of round % 2 === 0 ? ["ours", "limit"] : ["limit", "ours"]) {
        const value = await measure({ url: stores[name].url, background: name === "ours" ? background : undefined });
        if (round >= 0) results[name].push(value);
      }
    }
  } finally {
    for (const { broker } of Object.values(stores)) await stopped(broker);
    await rm(folder, { recursive: true });
  }
  return results;
}
