// Milliseconds from the start of `nakadi broker --data` to its first answer about the partitions, with a million events on
// disk, against an event type without events.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createEventType } from "./event-type.mjs";

const ROUNDS = 7;
const EVENTS = 1_000_000;
const BATCH = 1_000;
const AT_ONCE = 16;
const BIN = fileURLToPath(new URL("../packages/cli/bin/nakadi.js", import.meta.url));

export const restartRow = {
  name: "restart",
  unit: "ms",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "nakadi-bench-"));
    const [full, empty] = [join(folder, "full"), join(folder, "empty")];
    const results = { ours: [], limit: [] };
    try {
      await prepare(empty, 0);
      await prepare(full, EVENTS);
      for (let round = 0; round < ROUNDS; round += 1) {
        results.ours.push(await timeToAnswer(full));
        results.limit.push(await timeToAnswer(empty));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    return results;
  },
};

async function started(directory) {
  const broker = spawn(process.execPath, [BIN, "broker", "--port", "0", "--data", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(broker.stdout, "data");
  return { broker, url: /http:\S+/.exec(line.toString())[0] };
}

async function stopped(broker) {
  broker.kill();
  await once(broker, "exit");
}

async function prepare(directory, events) {
  const { broker, url } = await started(directory);
  await createEventType(url);
  let left = events / BATCH;
  const body = JSON.stringify(Array.from({ length: BATCH }, (_, n) => ({ n })));
  const publish = async () => {
    while (left-- > 0) {
      const headers = { "content-type": "application/json" };
      const { status } = await fetch(`${url}/event-types/bench/events`, { method: "POST", headers, body });
      if (status !== 200) throw new Error(`publishing: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, publish));
  await stopped(broker);
}

async function timeToAnswer(directory) {
  const beganAt = performance.now();
  const { broker, url } = await started(directory);
  const partitions = await (await fetch(`${url}/event-types/bench/partitions`)).json();
  const took = performance.now() - beganAt;
  await stopped(broker);
  if (partitions.length !== 8) throw new Error("the event type is not there");
  return took;
}
