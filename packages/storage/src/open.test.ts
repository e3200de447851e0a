/**
 * A text names an engine, by its scheme.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { isStorageUrl, openStorage } from "./open.ts";
import type { StorageOption } from "./open.ts";
import type { NodeContext } from "./storage-engine.ts";

const CONTEXT: NodeContext = {
  node: "a",
  clock: systemClock,
  onFaultPoint: undefined,
  onFailure: () => undefined,
};

async function use(option: StorageOption): Promise<void> {
  const storage = await openStorage(option, CONTEXT);
  onTestFinished(() => storage.close());
  expect(await storage.metadata.write([{ kind: "k", id: "i", expect: "absent", value: 1 }])).toBe("written");
}

describe("a storage URL", () => {
  it("opens the memory engine, each time a new one", async () => {
    await use("memory");
    await use("memory:");
    await use("memory:");
  });

  it.each([
    ["a path", (path: string): StorageOption => `directory:${path}`],
    ["an absolute path behind slashes", (path: string): StorageOption => `directory://${path}`],
    ["a file URL", (path: string): StorageOption => String(pathToFileURL(path)) as `file:${string}`],
  ])("opens a directory by %s", async (_, urlOf) => {
    const folder = await mkdtemp(join(tmpdir(), "nakadi-open-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await use(urlOf(join(folder, "a b%20c")));
    expect(await readdir(folder)).toEqual(["a b%20c"]);
  });

  it("of an engine that is not installed names its package, and no password", async () => {
    const refused = await openStorage("paper://me:secret@host/db", CONTEXT).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      name: "NoSuchEngineError",
      scheme: "paper",
      message:
        "storage paper: needs the package nakadi-paper, which is not installed. To install it: npm install nakadi-paper",
    });
    await expect(openStorage("protocol:x", CONTEXT)).rejects.toThrow(
      "the package nakadi-protocol has no function engineAt",
    );
  });

  it("of a file on another host is refused with an example", async () => {
    await expect(openStorage("file://host/d", CONTEXT)).rejects.toThrow(
      /^storage file: .* file:\/\/\/var\/lib\/nakadi$/,
    );
  });

  it.each([
    ["memory:", true],
    ["directory:d", true],
    ["postgres://host", true],
    ["directory:", false],
    ["directory://", false],
    ["C:\\data", false],
    ["paper", false],
    ["", false],
  ])("%j: %s", (text, is) => expect(isStorageUrl(text)).toBe(is));
});
