/**
 * Files do what the engine takes for granted of a disk.
 */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { folderForTest } from "./folder-for-test.ts";
import { nodeFiles } from "./files.ts";

let root: string;

beforeEach(async () => {
  root = await folderForTest("files");
});

describe("files", () => {
  it("writes thousands of parts at once, and reads from anywhere", async () => {
    const file = await nodeFiles.open(join(root, "f"), "create");
    const parts = Array.from({ length: 5_000 }, (_, index) => Buffer.from(String(index % 10)));
    await file.writev([new Uint8Array(0), ...parts], 3);
    await file.datasync();
    expect(await file.size()).toBe(5_003);
    const buffer = Buffer.alloc(6);
    expect(await file.read(buffer, 0)).toBe(6);
    expect(buffer.toString("latin1")).toBe("\0\0\x00012");
    expect(await file.read(buffer, 5_000)).toBe(3);
    expect(buffer.toString("latin1", 0, 3)).toBe("789");
    expect(await file.read(buffer, 9_000)).toBe(0);
    await file.truncate(4);
    expect(await file.size()).toBe(4);
    await file.close();
  });

  it("opens what is there, and makes what is asked for, for its user alone", async () => {
    await expect(nodeFiles.open(join(root, "f"), "write")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(nodeFiles.open(join(root, "f"), "read")).rejects.toMatchObject({ code: "ENOENT" });
    await (await nodeFiles.open(join(root, "f"), "create")).close();
    expect((await stat(join(root, "f"))).mode & 0o777).toBe(0o600);
    const file = await nodeFiles.open(join(root, "f"), "read");
    await expect(file.writev([Buffer.from("x")], 0)).rejects.toMatchObject({ code: "EBADF" });
    await file.close();
  });

  it("makes directories with all that lead to them, and removes them", async () => {
    const path = join(root, "a", "b", "c");
    await Promise.all(["c", "c", "d"].map((name) => nodeFiles.makeDirectory(join(root, "a", "b", name))));
    await nodeFiles.makeDirectory(path);
    await nodeFiles.removeDirectory(join(root, "a", "b", "d"));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await nodeFiles.list(join(root, "a"))).toEqual(["b"]);
    await expect(nodeFiles.removeDirectory(join(root, "a"))).rejects.toMatchObject({ code: "ENOTEMPTY" });
    await nodeFiles.removeDirectory(path);
    await nodeFiles.removeDirectory(path);
    expect(await nodeFiles.list(path)).toEqual([]);
    await writeFile(join(root, "f"), "");
    await expect(nodeFiles.makeDirectory(join(root, "f"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(nodeFiles.makeDirectory(join(root, "f", "d"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("tells one file from another that has taken its name", async () => {
    const path = join(root, "f");
    expect(await nodeFiles.identity(path)).toBeUndefined();
    const file = await nodeFiles.open(path, "create");
    expect(await nodeFiles.identity(path)).toBe(await file.identity());
    await nodeFiles.rename(path, join(root, "g"));
    await (await nodeFiles.open(path, "create")).close();
    expect(await nodeFiles.identity(path)).not.toBe(await file.identity());
    expect(await nodeFiles.identity(join(root, "g"))).toBe(await file.identity());
    await file.close();
    await nodeFiles.unlink(path);
    await nodeFiles.unlink(path);
    await nodeFiles.syncDirectory(root);
    expect(await nodeFiles.list(root)).toEqual(["g"]);
  });
});
