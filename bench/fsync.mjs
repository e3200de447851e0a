// Publishing over one connection to a broker on disk, against a loop that appends as many bytes to a file and syncs it.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSON_HEADERS, started, stopped } from "./disk-broker.mjs";
import { createEventType } from "./event-type.mjs";

const ROUNDS = 5;
const MS = 1_500;
export const SMALL_BATCH = JSON.stringify(Array.from({ length: 10 }, (_, n) => ({ n, pad: "x".repeat(580) })));

export const fsyncRow = {
  name: "fsync",
  unit: "publishes/s",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "nakadi-bench-"));
    const { broker, url } = await started(join(folder, "data"));
    const file = await open(join(folder, "bare"), "w");
    const bytes = Buffer.from(SMALL_BATCH);
    const results = { ours: [], limit: [] };
    try {
      await createEventType(url);
      for (let round = 0; round < ROUNDS; round += 1) {
        results.ours.push(await perSecond(() => publish(url)));
        results.limit.push(
          await perSecond(async () => {
            await file.appendFile(bytes);
            await file.datasync();
          }),
        );
      }
    } finally {
      await file.close();
      await stopped(broker);
      await rm(folder, { recursive: true });
    }
    return results;
  },
};

export async function publish(url, eventType = "bench") {
  const answer = await fetch(`${url}/event-types/${eventType}/events`, {
    method: "POST",
    headers: JSON_HEADERS,
    body: SMALL_BATCH,
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`publishing: ${answer.status}`);
}

async function perSecond(work) {
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < MS; count += 1) await work();
  return (count * 1_000) / (performance.now() - began);
}
