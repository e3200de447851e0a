// Milliseconds from the start of `nakadi broker --data` to its first answer about the partitions, with a million events
// on disk (BENCH_EVENTS), against an event type without events.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, started, stopped } from "./disk-broker.mjs";

const ROUNDS = 7;
const EVENTS = Number(process.env["BENCH_EVENTS"] ?? 1_000_000);

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

async function timeToAnswer(directory) {
  const beganAt = performance.now();
  const { broker, url } = await started(directory);
  const partitions = await (await fetch(`${url}/event-types/bench/partitions`)).json();
  const took = performance.now() - beganAt;
  await stopped(broker);
  if (partitions.length !== 8) throw new Error("the event type is not there");
  return took;
}
