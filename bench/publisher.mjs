// Single events through the client's batching publisher, against bare requests with the same events in batches made before.
import { fork } from "node:child_process";
import { once } from "node:events";
import { NakadiClient } from "nakadi-client";
import { Agent, request } from "undici";

const ROUNDS = 7;
const EVENTS = 20_000;
const BATCH = 1_000;
const IN_FLIGHT = 4;
const KEYS = 64;
const events = Array.from({ length: EVENTS }, (_, n) => ({ n, key: String(n % KEYS), text: "x".repeat(200) }));

export const publisherRow = {
  name: "send",
  unit: "events/s",
  async run() {
    const server = fork(new URL("./publish-servers.mjs", import.meta.url));
    const [{ bare }] = await once(server, "message");
    const results = { ours: [], limit: [] };
    try {
      await throughClient(bare);
      await byHand(bare);
      for (let round = 0; round < ROUNDS; round += 1) {
        results.ours.push(EVENTS / (await throughClient(bare)));
        results.limit.push(EVENTS / (await byHand(bare)));
      }
    } finally {
      server.kill();
    }
    return results;
  },
};

/** Seconds until the last event has its verdict. */
async function throughClient(url) {
  const nakadi = new NakadiClient({ baseUrl: url });
  const publisher = nakadi.publisher("bench", {
    category: "undefined",
    partitionKey: ({ key }) => key,
    batching: { maxEvents: BATCH, maxInFlight: IN_FLIGHT },
  });
  const started = performance.now();
  const sending = [];
  for (const event of events) {
    await publisher.ready();
    sending.push(publisher.send(event));
  }
  await publisher.flush();
  await Promise.all(sending);
  const seconds = (performance.now() - started) / 1_000;
  await nakadi.close();
  return seconds;
}

async function byHand(url) {
  const agent = new Agent();
  const started = performance.now();
  const batches = [];
  for (let at = 0; at < EVENTS; at += BATCH) batches.push(events.slice(at, at + BATCH));
  const worker = async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const { statusCode, body } = await request(`${url}/event-types/bench/events`, {
        dispatcher: agent,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(batch),
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`refused: ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const seconds = (performance.now() - started) / 1_000;
  await agent.destroy();
  return seconds;
}
