/** Streams without a subscription, searches and lags, over real sockets. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BatchStream,
  type EventTypeStreamOptions,
  fileCursorStore,
  memoryCursorStore,
  NakadiClient,
} from "nakadi-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EngineName, ENGINES, nakadiOn } from "../support/engines.ts";
import { leavesNothing } from "../support/leaks.ts";
import type { TestNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  n: number;
}

const numbered = (from: number, count: number): Numbered[] =>
  Array.from({ length: count }, (_, index) => ({ key: String(index % 7), n: from + index }));

async function all(stream: BatchStream<Numbered>): Promise<number[]> {
  const seen: number[] = [];
  for await (const batch of stream) seen.push(...batch.events.map(({ n }) => n));
  return seen;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const byNumber = (a: number, b: number): number => a - b;

async function published(engine: EngineName, count: number, partitions = 3): Promise<TestNakadi & { name: string }> {
  const test = await nakadiOn(engine);
  const name = await test.eventType(partitions);
  if (count > 0) await test.nakadi.publisher<Numbered>(name).publish(numbered(0, count));
  return { ...test, name };
}

describe.each(ENGINES)("on %s:", (engine) => {
  describe("a stream of an event type", () => {
    it("reads from the beginning up to the end of now, in order within each partition, and closes", async () => {
      const { nakadi, name } = await published(engine, 100);
      const stream = nakadi.streamEventType<Numbered>(name, { from: "begin", until: "end", batchLimit: 10 });
      const lanes = new Map<string, number[]>();
      for await (const batch of stream) {
        expect(batch.cursor).toMatchObject({ event_type: name, cursor_token: "none" });
        const lane = lanes.get(batch.cursor.partition) ?? [];
        lanes.set(batch.cursor.partition, [...lane, ...batch.events.map(({ n }) => n)]);
      }
      expect([...lanes.values()].flat().toSorted(byNumber)).toEqual(upTo(100));
      for (const lane of lanes.values()) expect(lane).toEqual(lane.toSorted(byNumber));
      expect([stream.state, await stream.nextBatch().catch((error: unknown) => error)]).toEqual(["closed", undefined]);
    });

    it("ends at once where there is nothing", async () => {
      const { nakadi, name } = await published(engine, 0);
      expect(await all(nakadi.streamEventType<Numbered>(name, { from: "begin", until: "end" }))).toEqual([]);
    });

    it("begins at the end by default, at cursors, or at the last n events", async () => {
      const { nakadi, name } = await published(engine, 10, 1);
      const fresh = nakadi.streamEventType<Numbered>(name, { batchLimit: 5, batchFlushTimeoutSeconds: 1 });
      await expect.poll(() => fresh.state).toBe("streaming");
      await nakadi.publisher<Numbered>(name).publish(numbered(10, 1));
      expect((await fresh.nextBatch())?.events).toMatchObject([{ n: 10 }]);
      await fresh.close();
      const read = (from: EventTypeStreamOptions["from"]): Promise<number[]> =>
        all(nakadi.streamEventType<Numbered>(name, { ...(from && { from }), until: "end", batchLimit: 5 }));
      expect(await read({ last: 3 })).toEqual([8, 9, 10]);
      expect(await read({ last: 1_000 })).toEqual(upTo(11));
      expect(await read([{ partition: "0", offset: "001-0001-000000000000000008" }])).toEqual([9, 10]);
      expect(await read("end")).toEqual([]);
    });

    it("reads the partitions that it names, or all of them, with those that are added later", async () => {
      const { nakadi, name } = await published(engine, 70, 2);
      const some = nakadi.streamEventType<Numbered>(name, { from: "begin", until: "end", partitions: ["1"] });
      for await (const { cursor } of some) expect(cursor.partition).toBe("1");
      const wrong = nakadi.streamEventType<Numbered>(name, { partitions: ["7"] });
      await expect(wrong.nextBatch()).rejects.toMatchObject({ code: "CONFIG", path: "options.partitions" });

      const growing = nakadi.streamEventType<Numbered>(name, { batchFlushTimeoutSeconds: 1, streamTimeoutSeconds: 1 });
      await expect.poll(() => growing.state).toBe("streaming");
      await nakadi.eventTypes.setPartitionCount(name, 8);
      await nakadi.publisher<Numbered>(name).publish(numbered(0, 70));
      const seen: number[] = [];
      while (seen.length < 70) seen.push(...((await growing.nextBatch())?.events ?? []).map(({ n }) => n));
      expect(seen.toSorted(byNumber)).toEqual(upTo(70));
    });

    it("of an event type that does not exist fails, each time", async () => {
      const { nakadi } = await nakadiOn(engine);
      const stream = nakadi.streamEventType("unknown");
      await expect(stream.nextBatch()).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(stream.nextBatch()).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(stream.state).toBe("failed");
    });

    it("leaves no socket and no timer behind", async () => {
      const { broker, name } = await published(engine, 10);
      await leavesNothing(async () => {
        const nakadi = new NakadiClient({ baseUrl: broker.url });
        const stream = nakadi.streamEventType(name, { from: "begin", until: "end" });
        await stream.nextBatch();
        await nakadi.close();
        expect(stream.state).toBe("closed");
      });
    });
  });

  describe("a cursor store", () => {
    it.each(["memory", "file"])("%s: what was committed is where the next stream goes on", async (kind) => {
      const { nakadi, name } = await published(engine, 20, 2);
      const folder = await mkdtemp(join(tmpdir(), "nakadi-cursors-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const memory = memoryCursorStore();
      const store = (): typeof memory => (kind === "memory" ? memory : fileCursorStore(join(folder, "cursors.json")));
      const committed: number[] = [];
      const first = nakadi.streamEventType<Numbered>(name, { from: "begin", store: store() });
      for await (const batch of first) {
        if (committed.length === 12) break;
        expect((await first.commit(batch)).result).toBe("committed");
        committed.push(...batch.events.map(({ n }) => n));
      }
      const rest = await all(nakadi.streamEventType<Numbered>(name, { until: "end", store: store() }));
      expect([...committed, ...rest].toSorted(byNumber)).toEqual(upTo(20));
    });

    it("receives the position where a stream begins, so that no event before the first commit is lost", async () => {
      const { nakadi, name } = await published(engine, 5, 1);
      const store = memoryCursorStore();
      const stream = nakadi.streamEventType<Numbered>(name, { store });
      await expect.poll(() => stream.state).toBe("streaming");
      await stream.close();
      await nakadi.publisher<Numbered>(name).publish(numbered(5, 2));
      expect(await all(nakadi.streamEventType<Numbered>(name, { store, until: "end" }))).toEqual([5, 6]);
    });

    it("never goes back: an older batch is outdated, in whichever stream it came", async () => {
      const { nakadi, name } = await published(engine, 3, 1);
      const store = memoryCursorStore();
      const stream = nakadi.streamEventType<Numbered>(name, { from: "begin", store });
      const batches = [await stream.nextBatch(), await stream.nextBatch(), await stream.nextBatch()];
      const [first, second, third] = batches.map((batch) => batch ?? expect.fail("no batch"));
      if (!first || !second || !third) throw new Error("no batches");
      expect((await stream.commit(second)).result).toBe("committed");
      expect((await stream.commit([first, third])).items.map(({ result }) => result)).toEqual([
        "outdated",
        "committed",
      ]);
      const later = nakadi.streamEventType<Numbered>(name, { store });
      await expect.poll(() => later.state).toBe("streaming");
      expect((await later.commit(second)).result).toBe("outdated");
      expect(await store.load(name)).toEqual([{ partition: "0", offset: third.cursor.offset }]);
    });
  });

  describe("a position that the log does not hold", () => {
    const beyond = [{ partition: "0", offset: "001-0001-000000000000000099" }];

    it("fails", async () => {
      const { nakadi, name } = await published(engine, 3, 1);
      await expect(nakadi.streamEventType(name, { from: beyond }).nextBatch()).rejects.toMatchObject({
        code: "CURSOR_EXPIRED",
        status: 412,
      });
    });

    it.each([
      ["oldest", 0],
      ["newest", 3],
    ] as const)("is replaced by the %s, and said so", async (expired, n) => {
      const { nakadi, name } = await published(engine, 3, 1);
      const told: unknown[] = [];
      const onExpired = (cursor: unknown): void => void told.push(cursor);
      const stream = nakadi.streamEventType<Numbered>(name, { from: beyond, expired, onExpired });
      await expect.poll(() => stream.state).toBe("streaming");
      await nakadi.publisher<Numbered>(name).publish(numbered(3, 1));
      expect((await stream.nextBatch())?.events).toMatchObject([{ n }]);
      expect(told).toMatchObject([{ ...beyond[0], replacement: expect.any(String) }]);
    });

    it("of an unknown timeline, or an unknown form, stays as it is", async () => {
      const { nakadi, name } = await published(engine, 3, 1);
      for (const offset of ["001-0009-000000000000000001", "nonsense"]) {
        const options = { from: [{ partition: "0", offset }], until: "end", expired: "oldest" } as const;
        expect(await all(nakadi.streamEventType<Numbered>(name, options))).toEqual([0, 1, 2]);
      }
    });
  });
});
