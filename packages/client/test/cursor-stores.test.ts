import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CursorStore, fileCursorStore, memoryCursorStore } from "../src/index.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "nakadi-cursors-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const cursor = (partition: string, offset: string): { partition: string; offset: string } => ({ partition, offset });

describe.each<[string, () => Promise<CursorStore>]>([
  ["memory", async () => memoryCursorStore()],
  ["a file", async () => fileCursorStore(join(await folder(), "cursors.json"))],
])("a store in %s", (_kind, make) => {
  it("keeps each partition of each event type by itself", async () => {
    const store = await make();
    expect(await store.load("e")).toEqual([]);
    await store.save("e", [cursor("0", "a"), cursor("1", "b")]);
    await store.save("e", [cursor("1", "c")]);
    await store.save("f", [cursor("0", "d")]);
    expect(await store.load("e")).toEqual([cursor("0", "a"), cursor("1", "c")]);
    expect(await store.load("f")).toEqual([cursor("0", "d")]);
  });

  it("mixes nothing up when several streams save at once", async () => {
    const store = await make();
    const names = Array.from({ length: 20 }, (_, n) => String(n));
    await Promise.all(names.map((name) => store.save("e", [cursor(name, name)])));
    expect(await store.load("e")).toHaveLength(20);
  });

  it("takes names as they are", async () => {
    const store = await make();
    await store.save("__proto__", [cursor("__proto__", "x")]);
    expect(await store.load("__proto__")).toEqual([cursor("__proto__", "x")]);
    expect(await store.load("constructor")).toEqual([]);
  });
});

describe("a store in a file", () => {
  it("is read by the next process, and leaves nothing beside it", async () => {
    const path = await folder();
    const file = join(path, "cursors.json");
    await fileCursorStore(file).save("e", [cursor("0", "a")]);
    expect(await fileCursorStore(file).load("e")).toEqual([cursor("0", "a")]);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ e: { 0: "a" } });
    expect(await readdir(path)).toEqual(["cursors.json"]);
  });

  it("is the old one or the new one, never half of it, however often it is read during a write", async () => {
    const file = join(await folder(), "cursors.json");
    const store = fileCursorStore(file);
    await store.save("e", [cursor("0", "0")]);
    let writing = true;
    const writes = (async () => {
      for (let n = 0; n < 50; n += 1) await store.save("e", [cursor("0", String(n).repeat(100))]);
      writing = false;
    })();
    while (writing) expect(Object.keys(JSON.parse(await readFile(file, "utf8")) as object)).toEqual(["e"]);
    await writes;
  });

  it.each(["", "{", "[]", '{"e":7}', '{"e":{"0":1}}', "null"])("that holds %j is none", async (content) => {
    const file = join(await folder(), "cursors.json");
    await writeFile(file, content);
    await expect(fileCursorStore(file).load("e")).rejects.toMatchObject({ code: "CURSOR_STORE" });
    await expect(fileCursorStore(file).save("e", [])).rejects.toMatchObject({ code: "CURSOR_STORE" });
    expect(await readFile(file, "utf8")).toBe(content);
  });

  it("whose folder does not exist cannot be written, and says so each time", async () => {
    const store = fileCursorStore(join(await folder(), "none", "cursors.json"));
    expect(await store.load("e")).toEqual([]);
    for (let n = 0; n < 2; n += 1) {
      await expect(store.save("e", [cursor("0", "a")])).rejects.toMatchObject({ name: "CursorStoreError" });
    }
  });

  it("needs a path", () => {
    expect(() => fileCursorStore("")).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});
