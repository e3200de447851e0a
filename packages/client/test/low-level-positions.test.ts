/** Positions of a stream without a subscription: those that are committed, and those that the log does not hold. */
import { describe, expect, it } from "vitest";
import { ConfigError, type CursorStore, memoryCursorStore, type NakadiError } from "../src/index.ts";
import { testEventTypeStream } from "./test-event-type-stream.ts";
import { settle } from "./test-stream.ts";

describe("a commit", () => {
  it("is one save at a time, in the order of the calls", async () => {
    const saved: string[] = [];
    let saving = 0;
    const store: CursorStore = {
      load: async () => [],
      async save(_eventType, cursors) {
        saving += 1;
        expect(saving).toBe(1);
        await settle();
        saved.push(...cursors.map(({ offset }) => offset));
        saving -= 1;
      },
    };
    const { stream, open } = testEventTypeStream({ from: "begin", store });
    const server = await open();
    for (let n = 0; n < 3; n += 1) server.batch(n);
    const batches = [await stream.nextBatch(), await stream.nextBatch(), await stream.nextBatch()];
    await Promise.all(batches.flatMap((batch) => (batch ? [stream.commit(batch)] : [])));
    expect(saved).toEqual(["BEGIN", "BEGIN", ...batches.map((batch) => batch?.cursor.offset)]);
  });

  it("that the store cannot keep rejects, and the next one may work", async () => {
    let away = false;
    const kept = memoryCursorStore();
    const store: CursorStore = {
      ...kept,
      save: (...what) => (away ? Promise.reject(new Error("disk full")) : kept.save(...what)),
    };
    const { stream, open } = testEventTypeStream({ from: "begin", store });
    (await open()).batch(1);
    const batch = await stream.nextBatch();
    if (!batch) throw new Error("no batch");
    away = true;
    await expect(stream.commit(batch)).rejects.toMatchObject({ code: "CURSOR_STORE", cause: { message: "disk full" } });
    away = false;
    expect((await stream.commit(batch)).result).toBe("committed");
    expect((await stream.commit(batch)).result).toBe("outdated");
    expect(await stream.commit([])).toEqual({ result: "committed", items: [] });
  });

  it("of another event type, or of a cursor without a stream, is a ConfigError", async () => {
    const { stream, open } = testEventTypeStream();
    (await open()).batch(1);
    const batch = await stream.nextBatch();
    if (!batch) throw new Error("no batch");
    const bare = { ...batch.cursor } as typeof batch.cursor;
    await expect(stream.commit(bare)).rejects.toBeInstanceOf(ConfigError);
    const other = { ...bare, event_type: "f" };
    await expect(stream.commit(other, { streamId: batch.streamId })).rejects.toMatchObject({
      path: "cursor.event_type",
    });
    expect((await stream.commit(bare, { streamId: batch.streamId })).result).toBe("committed");
  });

  it("that is aborted rejects with its reason at once", async () => {
    const store: CursorStore = { load: async () => [], save: async () => undefined };
    const { stream, open } = testEventTypeStream({ store });
    (await open()).batch(1);
    const batch = await stream.nextBatch();
    if (!batch) throw new Error("no batch");
    store.save = () => new Promise<never>(() => undefined);
    const abort = new AbortController();
    const commit = stream.commit(batch, { signal: abort.signal });
    abort.abort("enough");
    await expect(commit).rejects.toBe("enough");
    await expect(stream.commit(batch, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
  });

  it.each<[string, CursorStore]>([
    ["load", { load: () => Promise.reject(new Error("no")), save: async () => undefined }],
    ["save", { load: async () => [], save: () => Promise.reject(new Error("no")) }],
  ])("needs a store that works: one that cannot %s at the beginning is fatal", async (_what, store) => {
    const { stream } = testEventTypeStream({ store });
    await expect(stream.nextBatch()).rejects.toMatchObject({ code: "CURSOR_STORE" });
    expect(stream.state).toBe("failed");
  });

  it.each([[undefined], ["0"], [[null]], [[{ partition: 0, offset: "1" }]], [[{ partition: "0", offset: "é" }]]])(
    "needs a store that gives positions: %j is fatal",
    async (loaded) => {
      const store = { load: async () => loaded, save: async () => undefined } as unknown as CursorStore;
      const { stream, transport } = testEventTypeStream({ store });
      await expect(stream.nextBatch()).rejects.toMatchObject({ code: "CURSOR_STORE" });
      expect(transport.opened).toEqual([]);
    },
  );
});

describe("positions that the log does not hold", () => {
  const from = [
    { partition: "0", offset: "50" },
    { partition: "1", offset: "500" },
  ];

  it("are replaced alone, and the others stay", async () => {
    const told: unknown[] = [];
    const { transport, open, cursors } = testEventTypeStream({
      from,
      expired: "newest",
      onExpired: (cursor) => void told.push(cursor),
    });
    transport.willOpen({ status: 412 });
    await open();
    expect(cursors()).toEqual([
      { "0": "50", "1": "500" },
      { "0": "50", "1": "99" },
    ]);
    expect(told).toEqual([{ partition: "1", offset: "500", replacement: "99" }]);
  });

  it("that the server refuses though it holds them are fatal, and not asked for without end", async () => {
    const { stream, transport } = testEventTypeStream({ from: "begin", expired: "oldest" });
    transport.onOpen = () => ({ status: 412 });
    await expect(stream.nextBatch()).rejects.toMatchObject({ status: 412 });
    expect(transport.opened).toHaveLength(1);
  });

  it("fail with a way out, which is not that of subscriptions", async () => {
    const { stream, transport } = testEventTypeStream({ from });
    transport.willOpen({ status: 412, body: '{"title":"Precondition Failed","detail":"gone"}' });
    const error = await stream.nextBatch().catch((reason: unknown) => reason as NakadiError);
    expect(error).toMatchObject({ code: "CURSOR_EXPIRED", message: expect.stringContaining('expired to "oldest"') });
    expect((error as NakadiError).message).not.toContain("PATCH");
  });
});
