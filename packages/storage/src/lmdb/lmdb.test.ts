/**
 * The LMDB engine keeps the storage contract.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { storageCompliance } from "../compliance/suite.ts";
import { LmdbEngine } from "./engine.ts";

storageCompliance({
  name: "LMDB",
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), "nakadi-lmdb-"));
    const clock = new ManualClock();
    const engine = await LmdbEngine.open({ directory, clock });
    return {
      node: (name, nodeClock) => engine.node(name, nodeClock),
      clock,
      close: async () => {
        await engine.close();
        await rm(directory, { recursive: true });
      },
    };
  },
});
