// Publishing over one connection to a broker on disk, against a loop that appends as many bytes to a file and syncs it.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
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
      for (let round = -1; round < ROUNDS; round += 1) {
        const ours = await perSecond(() => publish(url));
        const limit = await perSecond(async () => {
          await file.appendFile(bytes);
          await file.datasync();
        });
        if (round < 0) continue;
        results.ours.push(ours);
        results.limit.push(limit);
      }
    } finally {
      await file.close();
      await stopped(broker);
      await rm(folder, { recursive: true });
    }
    return results;
  },
};

// One connection; fetch would take longer than the broker.
const dispatcher = new Agent({ connections: 1 });

export async function publish(url, eventType = "bench") {
  const { statusCode, body } = await request(`${url}/event-types/${eventType}/events`, {
    dispatcher,
    method: "POST",
    headers: JSON_HEADERS,
    body: SMALL_BATCH,
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`publishing: ${statusCode}`);
}

async function perSecond(work) {
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < MS; count += 1) await work();
  return (count * 1_000) / (performance.now() - began);
}
