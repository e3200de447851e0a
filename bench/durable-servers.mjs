// Two brokers in one process: one keeps everything on disk, the other in memory.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "nakadi-broker";

const folder = await mkdtemp(join(tmpdir(), "nakadi-bench-"));
const disk = await startBroker({ storage: { directory: join(folder, "data") } });
const memory = await startBroker();
process.on("message", () => void end());
process.send({ disk: disk.url, memory: memory.url });

async function end() {
  await Promise.all([disk.close(), memory.close()]);
  await rm(folder, { recursive: true });
  process.disconnect();
}
