/**
 * The log of the directory engine keeps the storage contract, and finds after a restart what it has acknowledged.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { storageCompliance } from "../../compliance/suite.ts";
import { openForTest, unsyncedFiles } from "./open-for-test.ts";
import { compactAll } from "./sweep.ts";

for (const { name, spareBytes, ...limits } of [
  { name: "directory" },
  {
    name: "directory with small segments that are written at once, and nothing in memory",
    segmentBytes: 1_000,
    unwrittenBytes: 500,
    idlePartitions: 0,
    spareBytes: 5_000,
  },
])
  storageCompliance({
    name,
    open: async () => {
      const directory = await mkdtemp(join(tmpdir(), "nakadi-log-"));
      const clock = new ManualClock();
      const engine = await openForTest({ directory, clock, files: unsyncedFiles, ...limits });
      return {
        node: (name, nodeClock) => engine.node(name, nodeClock),
        clock,
        compact: () => compactAll(engine.logs),
        ...(spareBytes !== undefined && { spareBytes }),
        close: async () => {
          await engine.close();
          await rm(directory, { recursive: true });
        },
      };
    },
  });
