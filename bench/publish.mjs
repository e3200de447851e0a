// Publishing to our broker, against a Fastify route that takes the same body and answers 200.
import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";

const ROUNDS = 5;
const SECONDS = 2;
const EVENTS = 10;
const body = JSON.stringify(Array.from({ length: EVENTS }, (_, n) => ({ n, text: "x".repeat(1_000) })));

export const publishRow = {
  name: "publish",
  unit: "events/s",
  async run() {
    const server = fork(new URL("./publish-servers.mjs", import.meta.url));
    const [{ broker, bare }] = await once(server, "message");
    const results = { ours: [], limit: [] };
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        results.ours.push(await eventsPerSecond(`${broker}/event-types/bench/events`));
        results.limit.push(await eventsPerSecond(`${bare}/event-types/bench/events`));
      }
    } finally {
      server.kill();
    }
    return results;
  },
};

async function eventsPerSecond(url) {
  const headers = { "content-type": "application/json" };
  const { requests, non2xx, errors } = await autocannon({
    url,
    method: "POST",
    headers,
    body,
    connections: 16,
    duration: SECONDS,
  });
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} refused, ${errors} failed`);
  return requests.average * EVENTS;
}
