// A broker on disk in a process of its own, as users start it, and event types with many events in it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createEventType } from "./event-type.mjs";

const BATCH = 1_000;
const AT_ONCE = 16;
export const EVENT_BYTES = 600;
const BIN = fileURLToPath(new URL("../packages/cli/bin/nakadi.js", import.meta.url));

export const JSON_HEADERS = { "content-type": "application/json" };

export async function started(directory) {
  // A row about retention has seconds, not hours.
  const args = ["broker", "--port", "0", "--data", directory, "--limit", "minRetentionMs=1"];
  const broker = spawn(process.execPath, [BIN, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(broker.stdout, "data");
  return { broker, url: /http:\S+/.exec(line.toString())[0] };
}

export async function stopped(broker) {
  broker.kill();
  await once(broker, "exit");
}

// Publishes as many events of at least EVENT_BYTES to the event type.
export async function fill(url, eventType, events) {
  let left = events / BATCH;
  const pad = "x".repeat(EVENT_BYTES - JSON.stringify({ n: 0, pad: "" }).length);
  const body = JSON.stringify(Array.from({ length: BATCH }, (_, n) => ({ n, pad })));
  const publish = async () => {
    while (left-- > 0) {
      const answer = await fetch(`${url}/event-types/${eventType}/events`, {
        method: "POST",
        headers: JSON_HEADERS,
        body,
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`publishing: ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, publish));
}

export async function prepare(directory, events) {
  const { broker, url } = await started(directory);
  await createEventType(url);
  await fill(url, "bench", events);
  await stopped(broker);
}
