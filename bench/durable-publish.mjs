// Publishing to a broker that keeps everything on disk, against the same one in memory, over 1, 16 and 64 connections.
import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { createEventType } from "./event-type.mjs";

const ROUNDS = 5;
const SECONDS = 2;
const EVENTS = 10;
const body = JSON.stringify(Array.from({ length: EVENTS }, (_, n) => ({ n, text: "x".repeat(1_000) })));

export const durablePublishRows = [1, 16, 64].map((connections) => ({
  name: `durable-${connections}`,
  unit: "events/s",
  async run() {
    const server = fork(new URL("./durable-servers.mjs", import.meta.url));
    const [{ disk, memory }] = await once(server, "message");
    const results = { ours: [], limit: [] };
    try {
      for (const url of [disk, memory]) await createEventType(url);
      for (let round = 0; round < ROUNDS; round += 1) {
        results.ours.push(await eventsPerSecond(disk, connections));
        results.limit.push(await eventsPerSecond(memory, connections));
      }
    } finally {
      server.send("end");
      await once(server, "exit");
    }
    return results;
  },
}));

async function eventsPerSecond(url, connections) {
  const headers = { "content-type": "application/json" };
  const target = `${url}/event-types/bench/events`;
  const options = { url: target, method: "POST", headers, body, connections, duration: SECONDS };
  const { requests, non2xx, errors } = await autocannon(options);
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} refused, ${errors} failed`);
  return requests.average * EVENTS;
}
