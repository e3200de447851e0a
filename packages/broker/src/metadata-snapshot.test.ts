import { ManualClock } from "nakadi-protocol";
import { beforeEach, expect, test } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import type { MetadataPort } from "nakadi-storage";
import { type Snapshot, Snapshots } from "./metadata-snapshot.ts";

const KIND = "kind";

let stored: MetadataPort;
/** Reads that have reached the port. */
let reads: number;

beforeEach(() => {
  stored = new MemoryEngine({ clock: new ManualClock() }).node("node").metadata;
  reads = 0;
});

/** What is read from a new snapshot each time, through `read`. */
function cacheOver(read: MetadataPort["get"]): { get(id: string): ReturnType<Snapshot["record"]> } {
  const get: MetadataPort["get"] = (kind, id) => {
    reads++;
    return read(kind, id);
  };
  const snapshots = new Snapshots({ revision: () => stored.revision(), get } as MetadataPort);
  return { get: async (id) => (await snapshots.take()).record(KIND, id) };
}

const readStored: MetadataPort["get"] = (kind, id) => stored.get(kind, id);
const write = (id: string, value: string): Promise<unknown> => stored.write([{ kind: KIND, id, expect: "any", value }]);

test("a record is read once, until something is written", async () => {
  await write("a", "first");
  const cache = cacheOver(readStored);
  const [one, two] = await Promise.all([cache.get("a"), cache.get("a")]);
  expect(one).toMatchObject({ value: "first", version: 1 });
  expect(two).toBe(one);
  expect(await cache.get("a")).toBe(one);
  expect(reads).toBe(1);
  await write("b", "other");
  expect(await cache.get("a")).toMatchObject({ value: "first" });
  expect(reads).toBe(2);
});

test("a write is seen by the next look", async () => {
  const cache = cacheOver(readStored);
  expect(await cache.get("a")).toBeUndefined();
  await write("a", "first");
  expect(await cache.get("a")).toMatchObject({ value: "first" });
  await write("a", "second");
  expect(await cache.get("a")).toMatchObject({ value: "second" });
});

test("what was read before a write is not shown after it, however late it comes", async () => {
  await write("a", "old");
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let reached = (): void => undefined;
  const isOnItsWay = new Promise<void>((resolve) => (reached = resolve));
  let slow = true;
  const cache = cacheOver(async (kind, id) => {
    const found = await stored.get<never>(kind, id);
    reached();
    if (slow) await held;
    return found;
  });
  const late = cache.get("a");
  await isOnItsWay;
  await write("a", "new");
  slow = false;
  expect(await cache.get("a")).toMatchObject({ value: "new" });
  release();
  expect(await late).toMatchObject({ value: "old" });
  expect(await cache.get("a")).toMatchObject({ value: "new" });
});

test("a failure is not remembered, nor is absence", async () => {
  await write("a", "first");
  let fail = true;
  const cache = cacheOver((kind, id) => (fail ? Promise.reject(new Error("gone")) : stored.get(kind, id)));
  await expect(Promise.all([cache.get("a"), cache.get("a")])).rejects.toThrow("gone");
  fail = false;
  expect(await cache.get("a")).toMatchObject({ value: "first" });
  reads = 0;
  await cache.get("none");
  await cache.get("none");
  expect(reads).toBe(2);
});

test("all records of a kind are read once, until something is written; a failure is not remembered", async () => {
  await write("a", "first");
  const list: MetadataPort["list"] = async (kind, page) => {
    reads++;
    if (reads === 1) throw new Error("gone");
    return stored.list(kind, page);
  };
  const snapshots = new Snapshots({ revision: () => stored.revision(), list } as MetadataPort);
  const at = await snapshots.take();
  await expect(at.records(KIND)).rejects.toThrow("gone");
  expect([...(await at.records<string>(KIND))].map(([id, { value }]) => [id, value])).toEqual([["a", "first"]]);
  await (await snapshots.take()).records(KIND);
  expect(reads).toBe(2);
  await write("b", "second");
  expect([...(await (await snapshots.take()).records(KIND)).keys()]).toEqual(["a", "b"]);
  expect([...(await at.records(KIND)).keys()]).toEqual(["a"]);
});
