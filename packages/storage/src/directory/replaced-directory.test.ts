/** A data directory that is removed or replaced while an engine has it open. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderForTest } from "./folder-for-test.ts";
import { appendTo, KEEP, records } from "../compliance/log-records.ts";
import type { StorageFailedError } from "../storage-errors.ts";
import { DirectoryEngine } from "./engine.ts";

async function opened(directory: string, failures: StorageFailedError[] = []): Promise<DirectoryEngine> {
  const onFailure = (error: StorageFailedError): void => void failures.push(error);
  const engine = await DirectoryEngine.open({ directory, clock: new ManualClock(), onFailure });
  onTestFinished(() => engine.close());
  return engine;
}

describe("a directory that goes while an engine has it open", () => {
  const WAYS: Record<string, (directory: string) => Promise<void>> = {
    "is removed": (directory) => rm(directory, { recursive: true }),
    "is moved": (directory) => rename(directory, `${directory}-elsewhere`),
    "is removed and made again": async (directory) => {
      await rm(directory, { recursive: true });
      await mkdir(directory);
    },
  };

  async function failing() {
    const folder = await folderForTest("directory");
    const directory = join(folder, "data");
    const failures: StorageFailedError[] = [];
    const engine = await opened(directory, failures);
    const { log } = engine.node("a");
    await log.create("x", 1, KEEP);
    return { directory, engine, log, failures };
  }
  const never = new AbortController().signal;

  it.each(Object.entries(WAYS))("%s: no append is acknowledged any more", async (_way, go) => {
    const { directory, log, failures } = await failing();
    expect((await log.append("x", new Map([[0, records("r")]]), never)).get(0)?.outcome).toBe("stored");
    await go(directory);
    const outcomes = await Promise.all(
      [1, 2, 3].map(async () => (await log.append("x", new Map([[0, records("r")]]), never)).get(0)?.outcome),
    );
    expect(outcomes).not.toContain("stored");
    expect(failures.map(({ advice }) => advice)).toEqual([
      "The storage has failed: the data directory was removed or replaced. " +
        "Put it back or choose another one, then start the broker again.",
    ]);
  });

  const NOTICED_LATER: typeof WAYS = {
    ...WAYS,
    "has lost the sockets in it": async (directory) => {
      for (const name of await readdir(directory)) if (name.endsWith(".sock")) await rm(join(directory, name));
    },
  };

  it.each(Object.entries(NOTICED_LATER))("%s: the engine says so without being written to", async (_way, go) => {
    const { directory, failures } = await failing();
    await go(directory);
    await expect.poll(() => failures.length, { timeout: 10_000 }).toBe(1);
    expect(failures[0]?.message).toContain(directory);
  });

  it("leaves the directory to the engine that is started in its place, and ends without a trace in it", async () => {
    const { directory, engine, failures } = await failing();
    await rm(directory, { recursive: true });
    const other = await opened(directory);
    await other.node("b").log.create("y", 1, KEEP);
    const before = await readdir(directory);
    await engine.close();
    expect(failures).toHaveLength(1);
    expect(await readdir(directory)).toEqual(before);
    await other.close();
    await appendTo((await opened(directory)).node("c").log, "y", 0, records("r"));
  });
});
