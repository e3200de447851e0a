/**
 * Rows of the directory engine: they keep the contract on a disk, and the power may be cut at any time.
 */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { folderForTest } from "./folder-for-test.ts";
import { randomFrom } from "../compliance/random.ts";
import { storageCompliance } from "../compliance/suite.ts";
import { DirectoryEngine } from "./engine.ts";
import { PowerCutFiles } from "./power-cut-files.ts";

storageCompliance({
  name: "directory",
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), "nakadi-directory-"));
    const clock = new ManualClock();
    const engine = await DirectoryEngine.open({ directory: join(folder, "data"), clock });
    return {
      node: (name, nodeClock) => engine.node(name, nodeClock),
      clock,
      close: async () => {
        await engine.close();
        await rm(folder, { recursive: true });
      },
    };
  },
});

it("makes files and directories for its user alone", async () => {
  const folder = await folderForTest("directory");
  const directory = join(folder, "data");
  const engine = await DirectoryEngine.open({ directory, clock: new ManualClock() });
  const { log } = engine.node("node");
  await log.create("e", 1, { retentionMs: null, compact: false });
  await log.append("e", new Map([[0, [{ value: Buffer.from("1") }]]]), new AbortController().signal);
  await engine.close();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  expect(entries.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["snapshot", "0000000000", "0000000000000000.seg"]),
  );
  for (const entry of entries) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    expect([entry.name, mode & 0o777]).toEqual([entry.name, entry.isDirectory() ? 0o700 : 0o600]);
  }
});

describe("the power", () => {
  it("may be cut at any time: nothing acknowledged is lost, nothing happens by half", async () => {
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    let files = new PowerCutFiles(random);
    await files.makeDirectory("/data");
    const own = async () => ({ isHeld: async () => true, release: async () => undefined });
    const acknowledged = new Map<string, number>();
    /** What may be there too: written, and not answered. */
    let unknown = new Map<string, number>();
    let written = 0;
    for (let cut = 0; cut < 300; cut++) {
      const disk = { files, own, journalFileBytes: 2_000, checkpointBytes: 4_000, segmentBytes: 4_000 };
      const opening = random() < 0.2;
      if (opening) files.cutAfter(1 + Math.floor(random() * 30));
      const engine = await DirectoryEngine.open({ directory: "/data", clock: new ManualClock(), disk }).catch(
        (error: unknown) => {
          if (!opening || !String(error).includes("power"))
            throw new Error(`seed ${seed}, cut ${cut}`, { cause: error });
        },
      );
      if (engine) {
        const { metadata } = engine.node("a");
        for (const [id, value] of acknowledged) {
          const [one, two] = [await metadata.get<number>("one", id), await metadata.get<number>("two", id)];
          expect(one?.value, `seed ${seed}, cut ${cut}`).toBe(two?.value);
          expect([value, unknown.get(id)], `seed ${seed}, cut ${cut}`).toContain(one?.value);
          acknowledged.set(id, one?.value ?? NaN);
        }
        unknown = new Map();
        files.cutAfter(1 + Math.floor(random() * 200));
        const write = async (id: string): Promise<void> => {
          for (;;) {
            const value = (written += 1);
            unknown.set(id, value);
            const both = ["one", "two"].map((kind) => ({ kind, id, expect: "any", value, pad: "" }) as const);
            try {
              await metadata.write(both);
            } catch {
              return;
            }
            acknowledged.set(id, value);
          }
        };
        await Promise.all(["p", "q", "r"].map(write));
        await engine.close().catch(() => undefined);
      }
      files = files.restarted();
    }
    expect(written).toBeGreaterThan(300);
  });
});
