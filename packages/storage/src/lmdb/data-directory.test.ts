/**
 * Which directories the engine takes, which files it lets LMDB open, and what it says about the others.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { appendTo, KEEP, readAll, records, texts } from "../compliance/log-records.ts";
import { StorageFailedError } from "../ports.ts";
import { LmdbEngine } from "./engine.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-lmdb-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function started(directory: string): Promise<LmdbEngine> {
  const engine = await LmdbEngine.open({ directory, clock: new ManualClock() });
  onTestFinished(() => engine.close());
  return engine;
}

const refusal = (directory: string): Promise<unknown> =>
  started(directory).then(
    () => "it has started",
    (error: unknown) => error,
  );

/** A directory with some data: of an engine that was stopped, or of one that was killed. */
async function withData(how: "stopped" | "killed", frames = 50): Promise<string> {
  const directory = join(await newFolder(), "data");
  const engine = await started(directory);
  const { log } = engine.node("a");
  await log.create("x", 1, KEEP);
  for (let index = 0; index < frames; index++) await appendTo(log, "x", 0, records(`${index} `.repeat(1_000)));
  if (how === "stopped") {
    await engine.close();
    return directory;
  }
  const left = join(await newFolder(), "data");
  await cp(directory, left, { recursive: true });
  return left;
}

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

async function overwrite(file: string, at: number, bytes: number): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(bytes, "!"), 0, bytes, at);
  await handle.close();
}

describe("a data directory", () => {
  it("is made with all that leads to it", async () => {
    const directory = join(await newFolder(), "a", "b", "c");
    await (await started(directory)).close();
    expect((await readdir(directory)).sort()).toEqual([
      "clean-stop.json",
      "clock.json",
      "data.mdb",
      "lock.mdb",
      "nakadi.json",
      "nakadi.lock",
    ]);
  });

  it.each([["notes.txt"], ["data.mdb"], ["nakadi.lock", "other"]])(
    "of another program, with %s, is left alone",
    async (...names) => {
      const folder = await newFolder();
      for (const name of names) await writeFile(join(folder, name), "precious");
      expect(await refusal(folder)).toMatchObject({
        problem: "not-ours",
        message: `${folder} is not a data directory of nakadi: it holds ${names.at(-1)}. Choose an empty or a new directory`,
      });
      expect((await readdir(folder)).sort()).toEqual([...names].sort());
      for (const name of names) expect(await readFile(join(folder, name), "utf8")).toBe("precious");
    },
  );

  it("may be the root of a new file system, or left by a first start that was killed", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "lost+found"));
    for (const name of ["nakadi.lock", "data.mdb", "lock.mdb"]) await writeFile(join(folder, name), "half");
    await (await started(folder)).close();
    await (await started(folder)).close();
  });

  it("cannot be a file, and not lie in one", async () => {
    const file = join(await newFolder(), "file");
    await writeFile(file, "");
    for (const path of [file, join(file, "data")]) {
      expect(await refusal(path)).toMatchObject({ problem: "unusable", directory: path });
    }
  });

  it("has one owner at a time, and the next one at once", async () => {
    const directory = join(await newFolder(), "data");
    const first = await started(directory);
    expect(await refusal(directory)).toMatchObject({
      problem: "in-use",
      message: `another broker (process ${process.pid}) uses ${directory}. Stop it, or choose another directory`,
    });
    await first.close();
    await (await started(directory)).close();
  });

  it.skipIf(!existsSync("/proc/self/fd"))("is free after a stop, whatever process was just being started", async () => {
    const directory = join(await newFolder(), "data");
    const first = await started(directory);
    const handle = readdirSync("/proc/self/fd").find((fd) => linkOf(fd) === join(directory, "nakadi.lock"));
    // Has what a fork has before its exec: a copy of every handle.
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore", Number(handle)] });
    onTestFinished(() => void child.kill());
    await first.close();
    await (await started(directory)).close();
  });

  it("of a newer format is refused by that format's name", async () => {
    const directory = await withData("stopped", 1);
    await writeFile(join(directory, "nakadi.json"), `{"nakadi":"data directory","format":2}`);
    expect(await refusal(directory)).toMatchObject({
      problem: "newer-format",
      message: `${directory} has data format 2, of a newer nakadi; this one knows format 1. Use the newer one`,
    });
  });

  it.each(["", "{}", "[", `{"format":"one"}`, "null"])("whose format says %j is damaged", async (text) => {
    const directory = await withData("stopped", 1);
    await writeFile(join(directory, "nakadi.json"), text);
    expect(await refusal(directory)).toMatchObject({ problem: "damaged" });
  });

  const mayMount = canMount();

  it.skipIf(!mayMount)("on a read-only file system says so (needs root and mount)", async () => {
    const folder = await newFolder();
    mount(folder, "ro");
    for (const path of [folder, join(folder, "data")]) {
      expect(await refusal(path)).toMatchObject({
        problem: "unusable",
        message: `cannot use ${path} for data: it is on a read-only file system`,
      });
    }
  });

  it.skipIf(process.getuid?.() === 0)(
    "that is not ours to write to says so (needs a user that is not root)",
    async () => {
      const folder = await newFolder();
      await mkdir(join(folder, "closed"), { mode: 0o500 });
      expect(await refusal(join(folder, "closed"))).toMatchObject({
        problem: "unusable",
        message: expect.stringContaining("not allowed") as string,
      });
    },
  );

  it.skipIf(!mayMount)(
    "on a full disk stores no more, and keeps all that it acknowledged (needs root and mount)",
    async () => {
      const folder = await newFolder();
      mount(folder, "size=1m");
      const directory = join(folder, "data");
      const failures: StorageFailedError[] = [];
      const clock = new ManualClock();
      const engine = await LmdbEngine.open({ directory, clock, onFailure: (error) => failures.push(error) });
      const { log, metadata } = engine.node("a");
      await log.create("x", 1, KEEP);
      let stored = 0;
      const never = new AbortController().signal;
      const append = async () => (await log.append("x", new Map([[0, records("x".repeat(50_000))]]), never)).get(0);
      let outcome = await append();
      for (; outcome?.outcome === "stored"; outcome = await append()) stored += 1;
      expect([outcome?.outcome, failures.map(({ advice }) => advice)]).toEqual([
        "unknown",
        ["The storage has failed: the disk is full. Make room on it, then start the broker again."],
      ]);
      expect((await append())?.outcome).toBe("not-stored");
      await expect(metadata.write([{ kind: "k", id: "i", expect: "any", value: 1 }])).rejects.toThrow(
        StorageFailedError,
      );
      expect(texts(await readAll(log, "x", 0))).toHaveLength(stored);
      await engine.close();
      expect(await refusal(join(folder, "other"))).toMatchObject({
        message: `cannot use ${join(folder, "other")} for data: the disk is full`,
      });
      const roomy = join(await newFolder(), "data");
      await cp(directory, roomy, { recursive: true });
      const found = texts(await readAll((await started(roomy)).node("b").log, "x", 0)).length;
      expect([stored, stored + 1]).toContain(found);
    },
  );
});

describe.each(["stopped", "killed"] as const)("the data of a broker that was %s", (how) => {
  it("is there again", async () => {
    const engine = await started(await withData(how));
    expect(texts(await readAll(engine.node("a").log, "x", 0))).toHaveLength(50);
  });

  it.each([0, 100, 4_096, 40_000])("is refused when it was cut to %i bytes", async (bytes) => {
    const directory = await withData(how);
    await truncate(join(directory, "data.mdb"), bytes);
    expect(await refusal(directory)).toMatchObject({
      problem: "damaged",
      message: expect.stringContaining(`nakadi repair ${directory}`) as string,
    });
  });

  it("is refused when the file is gone, or another one", async () => {
    const directory = await withData(how);
    await writeFile(join(directory, "data.mdb"), "something else ".repeat(10_000));
    expect(await refusal(directory)).toMatchObject({ problem: "damaged" });
    await rm(join(directory, "data.mdb"));
    expect(await refusal(directory)).toMatchObject({ problem: "damaged" });
  });
});

it("data that was overwritten behind a stopped broker is refused, wherever it was", async () => {
  const directory = await withData("stopped");
  const file = join(directory, "data.mdb");
  await overwrite(file, (await stat(file)).size >> 1, 1);
  expect(await refusal(directory)).toMatchObject({
    problem: "damaged",
    message: expect.stringContaining("was changed since the broker stopped") as string,
  });
});

it("an event whose bytes were changed behind a killed broker is never handed out", async () => {
  const directory = await withData("killed");
  const file = join(directory, "data.mdb");
  const at = (await readFile(file)).lastIndexOf("49 49 49");
  await overwrite(file, at, 1);
  const { log } = (await started(directory)).node("a");
  await expect(readAll(log, "x", 0, 49)).rejects.toMatchObject({ name: "DamagedDataError" });
  expect(texts(await log.read("x", 0, 48, { bytes: 1, records: 1 }, new AbortController().signal))).toHaveLength(1);
});

function canMount(): boolean {
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", tmpdir()], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function mount(folder: string, options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", folder]);
  onTestFinished(() => void execFileSync("umount", [folder]));
}
