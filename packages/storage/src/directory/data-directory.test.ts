/**
 * Which directories are taken for data, and what is said about the others.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderForTest } from "./folder-for-test.ts";
import { takeDamagedDirectory, takeDirectory } from "./data-directory.ts";
import { nodeFiles } from "./files.ts";

async function taken(directory: string): Promise<void> {
  await (await takeDirectory(nodeFiles, directory)).release();
}

const refusal = (directory: string): Promise<unknown> =>
  taken(directory).then(
    () => "it was taken",
    (error: unknown) => error,
  );

async function ofFormat(text: string): Promise<string> {
  const directory = join(await folderForTest("directory"), "data");
  await taken(directory);
  await writeFile(join(directory, "format"), text);
  return directory;
}

describe("a data directory", () => {
  it("is made with all that leads to it, for its user alone", async () => {
    const directory = join(await folderForTest("directory"), "a", "b", "c");
    await taken(directory);
    await taken(directory);
    expect(await readdir(directory)).toEqual(["format"]);
    expect(await readFile(join(directory, "format"), "utf8")).toBe('{"nakadi":"data directory","format":1}\n');
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it("that others may read is its user's alone when it is taken", async () => {
    const directory = join(await folderForTest("directory"), "data");
    await taken(directory);
    await mkdir(join(directory, "logs", "1", "0"), { recursive: true });
    await mkdir(join(directory, "journal"));
    for (const name of ["snapshot", "journal/0000000000", "logs/1/0/0000000000000000.seg"])
      await writeFile(join(directory, name), "");
    execFileSync("chmod", ["-R", "a+rwX", directory]);
    await taken(directory);
    const modes: Record<string, number> = {};
    for (const name of ["", "format", "snapshot", "journal", "logs"])
      modes[name] = (await stat(join(directory, name))).mode & 0o777;
    expect(modes).toEqual({
      "": 0o700,
      format: 0o600,
      snapshot: 0o600,
      journal: 0o700,
      logs: 0o700,
    });
  });

  it.each([["notes.txt"], ["owner.sock"], ["journal", "other"]])(
    "of another program, with %s, is left alone",
    async (...names) => {
      const folder = await folderForTest("directory");
      for (const name of names) await writeFile(join(folder, name), "precious");
      expect(await refusal(folder)).toMatchObject({
        problem: "not-ours",
        message: `${folder} is not a data directory of nakadi: it holds ${names.at(-1)}. Choose an empty or a new directory`,
      });
      expect((await readdir(folder)).sort()).toEqual([...names].sort());
      for (const name of names) expect(await readFile(join(folder, name), "utf8")).toBe("precious");
      await expect(takeDamagedDirectory(nodeFiles, await folderForTest("directory"), true)).rejects.toMatchObject({
        problem: "not-ours",
      });
    },
  );

  it("may be the root of a new file system, or left by a first start that was killed", async () => {
    const folder = await folderForTest("directory");
    await mkdir(join(folder, "lost+found"));
    for (const name of ["format.new", "owner-1-0123456789abcdef.sock"]) await writeFile(join(folder, name), "half");
    await taken(folder);
    expect((await readdir(folder)).sort()).toEqual(["format", "lost+found"]);
  });

  it("cannot be a file, and not lie in one", async () => {
    const file = join(await folderForTest("directory"), "file");
    await writeFile(file, "");
    for (const path of [file, join(file, "data")])
      expect(await refusal(path)).toMatchObject({ problem: "unusable", directory: path });
    await expect(takeDamagedDirectory(nodeFiles, join(file, "data"), true)).rejects.toMatchObject({
      problem: "unusable",
    });
  });

  it("has one owner at a time, and the next one at once", async () => {
    const directory = join(await folderForTest("directory"), "data");
    const first = await takeDirectory(nodeFiles, directory);
    expect(await refusal(directory)).toMatchObject({
      problem: "in-use",
      message: `another broker (process ${process.pid}) uses ${directory}. Stop it, or choose another directory`,
    });
    await expect(takeDamagedDirectory(nodeFiles, directory, true)).rejects.toMatchObject({ problem: "in-use" });
    await first.release();
    await taken(directory);
  });

  it("of a newer format is refused by that format's name", async () => {
    const directory = await ofFormat(`{"nakadi":"data directory","format":2}`);
    const newer = {
      problem: "newer-format",
      message: `${directory} has data format 2, of a newer nakadi; this one knows format 1. Use the newer one`,
    };
    expect(await refusal(directory)).toMatchObject(newer);
    await expect(takeDamagedDirectory(nodeFiles, directory, true)).rejects.toMatchObject(newer);
  });

  it("of the engine on LMDB is refused in one sentence", async () => {
    const folder = await folderForTest("directory");
    for (const name of ["nakadi.json", "nakadi.lock", "data.mdb", "lock.mdb"])
      await writeFile(join(folder, name), "old");
    expect(await refusal(folder)).toMatchObject({
      problem: "older-format",
      message: `${folder} holds data of an earlier nakadi, which kept it in LMDB; this one cannot read it. Choose another directory`,
    });
  });

  it.each(["", "{}", "[", `{"format":"one"}`, "null", `{"format":0}`, `{"format":1.5}`])(
    "whose format says %j is damaged, and has its format again after a repair",
    async (text) => {
      const directory = await ofFormat(text);
      expect(await refusal(directory)).toMatchObject({
        problem: "damaged",
        message: expect.stringContaining(`nakadi repair ${directory}`) as string,
      });
      await (await takeDamagedDirectory(nodeFiles, directory, true)).release();
      await taken(directory);
    },
  );

  it("that has lost its format is damaged", async () => {
    const directory = await ofFormat("");
    await rm(join(directory, "format"));
    await mkdir(join(directory, "journal"));
    expect(await refusal(directory)).toMatchObject({ problem: "damaged" });
    await (await takeDamagedDirectory(nodeFiles, directory, true)).release();
    await taken(directory);
  });

  it("that was copied while it was in use is free", async () => {
    const directory = join(await folderForTest("directory"), "data");
    const ownership = await takeDirectory(nodeFiles, directory);
    const copy = join(await folderForTest("directory"), "copy");
    execFileSync("cp", ["-a", directory, copy]);
    await taken(copy);
    await cp(directory, join(copy, "2"), { recursive: true, filter: (path) => !path.endsWith(".sock") });
    await taken(join(copy, "2"));
    await ownership.release();
  });

  const mayMount = canMount();

  it.skipIf(!mayMount)("on a read-only file system says so (needs root and mount)", async () => {
    const folder = await folderForTest("directory");
    mount(folder, "ro");
    for (const path of [folder, join(folder, "data")]) {
      expect(await refusal(path)).toMatchObject({
        problem: "unusable",
        message: `cannot use ${path} for data: it is on a read-only file system. Choose a directory that can be written to`,
      });
    }
  });

  it.skipIf(!mayMount)("on a full disk says so (needs root and mount)", async () => {
    const folder = await folderForTest("directory");
    mount(folder, "size=4k,nr_inodes=2");
    await writeFile(join(folder, "format.new"), "");
    expect(await refusal(folder)).toMatchObject({
      message: `cannot use ${folder} for data: the disk is full. Make room on it, or choose a directory on another disk`,
    });
  });

  it.skipIf(process.getuid?.() === 0)(
    "that its user may not write to says so (needs a user that is not root)",
    async () => {
      const folder = await folderForTest("directory");
      await mkdir(join(folder, "closed"), { mode: 0o500 });
      expect(await refusal(join(folder, "closed"))).toMatchObject({
        problem: "unusable",
        message: expect.stringContaining("not allowed") as string,
      });
    },
  );
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
