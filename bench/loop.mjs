// The longest time that a consumer holds the event loop while a large batch comes and is parsed, against bytes that are only read.
import { fork } from "node:child_process";
import { once } from "node:events";
import { NakadiClient } from "nakadi-client";
import { Agent } from "undici";

const ROUNDS = 5;

export const loopRows = [1, 5, 20, 60].map((megabytes) => ({
  name: `loop-${megabytes}MB`,
  unit: "ms",
  compare: "difference",
  async run() {
    const server = fork(new URL("./batch-server.mjs", import.meta.url), [String(megabytes)]);
    const [{ url, bytes }] = await once(server, "message");
    const results = { ours: [], limit: [] };
    try {
      for (let round = -1; round < ROUNDS; round += 1) {
        const ours = await longestTurn(() => consumed(url));
        const limit = await longestTurn(() => bare(url, bytes));
        if (round < 0) continue;
        results.ours.push(ours);
        results.limit.push(limit);
      }
    } finally {
      server.kill();
    }
    return results;
  },
}));

async function longestTurn(work) {
  let longest = 0;
  let counting = true;
  let last = performance.now();
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (counting) setImmediate(turn);
  };
  turn();
  await work();
  await new Promise((resolve) => setImmediate(resolve));
  counting = false;
  return longest;
}

async function consumed(url) {
  const nakadi = new NakadiClient({ baseUrl: url });
  let consumer;
  await new Promise((resolve) => {
    consumer = nakadi.consume("bench", { onBatch: () => resolve() });
  });
  await consumer.close();
  await nakadi.close();
}

async function bare(url, bytes) {
  const agent = new Agent({ bodyTimeout: 0 });
  await new Promise((resolve, reject) => {
    let read = 0;
    agent.dispatch(
      { origin: url, path: "/subscriptions/bench/events", method: "POST", body: "{}" },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData(_controller, chunk) {
          read += chunk.length;
          if (read >= bytes) resolve();
        },
        onResponseEnd: () => reject(new Error("the stream ended early")),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
  await agent.destroy();
}
