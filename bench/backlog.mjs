// What one reader gets of events that are on disk, against the same events in memory.
import { fork } from "node:child_process";
import { once } from "node:events";
import { EVENT_BYTES, fill } from "./disk-broker.mjs";
import { createEventType } from "./event-type.mjs";

const ROUNDS = 5;
const EVENTS = 200_000;

export const backlogRow = {
  name: "backlog",
  unit: "events/s",
  async run() {
    const server = fork(new URL("./durable-servers.mjs", import.meta.url));
    const [{ disk, memory }] = await once(server, "message");
    const results = { ours: [], limit: [] };
    try {
      for (const url of [disk, memory]) {
        await createEventType(url);
        await fill(url, "bench", EVENTS);
      }
      for (let round = -1; round < ROUNDS; round += 1) {
        const [ours, limit] = [await eventsPerSecond(disk), await eventsPerSecond(memory)];
        if (round < 0) continue;
        results.ours.push(ours);
        results.limit.push(limit);
      }
    } finally {
      server.send("end");
      await once(server, "exit");
    }
    return results;
  },
};

async function eventsPerSecond(url) {
  const cursors = Array.from({ length: 8 }, (_, partition) => ({ partition: String(partition), offset: "BEGIN" }));
  const query = `batch_limit=1000&batch_flush_timeout=1&stream_timeout=60&stream_limit=${EVENTS}`;
  const began = performance.now();
  const answer = await fetch(`${url}/event-types/bench/events?${query}`, {
    headers: { "x-nakadi-cursors": JSON.stringify(cursors) },
  });
  let bytes = 0;
  for await (const chunk of answer.body) bytes += chunk.length;
  if (bytes < EVENTS * EVENT_BYTES) throw new Error(`the reader got ${bytes} bytes`);
  return (EVENTS * 1_000) / (performance.now() - began);
}
