import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type BatchStream,
  ConfigError,
  type CursorStore,
  type EventTypeStreamOptions,
  memoryCursorStore,
  NakadiClient,
  type NakadiError,
} from "../src/index.ts";
import { type ScriptedStream, ScriptedTransport } from "./scripted-transport.ts";
import { settle } from "./test-stream.ts";

interface TestEventTypeStream {
  stream: BatchStream<{ n: number }>;
  transport: ScriptedTransport;
  clock: ManualClock;
  retries: NakadiError[];
  pass: (ms: number) => Promise<void>;
  open: () => Promise<ScriptedStream>;
  /** The positions of each attempt to open a stream. */
  cursors: () => unknown[];
}

/** An event type of two partitions with 100 events each, whose offsets are numbers. */
function testEventTypeStream(options: EventTypeStreamOptions = {}): TestEventTypeStream {
  const transport = new ScriptedTransport();
  const clock = new ManualClock();
  transport.onRequest = ({ path, body }) => {
    if (path.endsWith("/partitions")) {
      const partitions = ["0", "1"].map((partition) => ({
        partition,
        oldest_available_offset: "0",
        newest_available_offset: "99",
      }));
      return { status: 200, body: JSON.stringify(partitions) };
    }
    const position = (offset: string): number => (offset === "BEGIN" ? -1 : Number(offset));
    const pairs = JSON.parse(String(body)) as Record<"initial_cursor" | "final_cursor", { offset: string }>[];
    const distances = pairs.map((pair) => ({
      ...pair,
      distance: position(pair.final_cursor.offset) - position(pair.initial_cursor.offset),
    }));
    return { status: 200, body: JSON.stringify(distances) };
  };
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, clock, random: () => 0.5 });
  onTestFinished(() => nakadi.close());
  const retries: NakadiError[] = [];
  const stream = nakadi.streamEventType<{ n: number }>("e", {
    onRetry: (error) => void retries.push(error),
    ...options,
  });
  const rest = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await settle();
  };
  return {
    stream,
    transport,
    clock,
    retries,
    async pass(ms) {
      await rest();
      clock.advance(ms);
      await rest();
    },
    async open() {
      await rest();
      return transport.newestStream;
    },
    cursors: () =>
      transport.opened.map(({ headers }) =>
        Object.fromEntries(
          (JSON.parse(headers["x-nakadi-cursors"] ?? "[]") as { partition: string; offset: string }[]).map(
            ({ partition, offset }) => [partition, offset],
          ),
        ),
      ),
  };
}

describe("a stream of an event type", () => {
  it("goes on behind what the program has taken, with what it has not", async () => {
    const { stream, open, pass, cursors } = testEventTypeStream({ from: "begin" });
    const first = await open();
    first.send('{"cursor":{"partition":"0","offset":"0"},"events":[{"n":0}]}\n');
    first.batch(1);
    first.batch(0, [{ n: 10 }], "1");
    expect((await stream.nextBatch())?.events).toEqual([{ n: 0 }]);
    first.fail();
    await pass(100);
    (await open()).batch(1);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
    expect(cursors()).toEqual([
      { "0": "BEGIN", "1": "BEGIN" },
      { "0": "0", "1": "BEGIN" },
    ]);
  });

  it.each([1, 10])(
    "that ends by its limit is opened again when the program has all of it, and not before; with a buffer of %i",
    async (bufferedBatches) => {
      const { stream, open, pass, cursors } = testEventTypeStream({ from: "begin", streamLimit: 3, bufferedBatches });
      const first = await open();
      for (const n of [0, 1, 2]) first.batch(n);
      first.end();
      await pass(600_000);
      const taken: unknown[] = [];
      for (let batch = 0; batch < 3; batch += 1) {
        expect([cursors().length, stream.state]).toEqual([1, "streaming"]);
        taken.push((await stream.nextBatch())?.events);
      }
      expect(taken).toEqual([[{ n: 0 }], [{ n: 1 }], [{ n: 2 }]]);
      await pass(100);
      expect(cursors()).toEqual([
        { "0": "BEGIN", "1": "BEGIN" },
        { "0": "000000000000000002", "1": "BEGIN" },
      ]);
    },
  );

  it("asks for what the options say, and for nothing that they do not", async () => {
    const plain = testEventTypeStream();
    await plain.open();
    expect(plain.transport.opened[0]).toMatchObject({ method: "GET", path: "/event-types/e/events" });
    const all = testEventTypeStream({
      batchLimit: 5,
      batchFlushTimeoutSeconds: 2,
      streamLimit: 10,
      streamTimeoutSeconds: 3,
      streamKeepAliveLimit: 4,
    });
    await all.open();
    expect(all.transport.opened[0]?.path).toBe(
      "/event-types/e/events?batch_limit=5&batch_flush_timeout=2&stream_limit=10&stream_timeout=3&stream_keep_alive_limit=4",
    );
  });

  it("keeps the contract: one reader, an end for all who wait, no batch for an abort, the stream's id with the batch", async () => {
    const { stream, open } = testEventTypeStream();
    const server = await open();
    const abort = new AbortController();
    const [aborted, taken] = [stream.nextBatch({ signal: abort.signal }), stream.nextBatch()];
    abort.abort("no more");
    await expect(aborted).rejects.toBe("no more");
    server.batch(1);
    const batch = await taken;
    expect(batch?.cursor).toEqual({
      partition: "0",
      offset: "000000000000000001",
      event_type: "e",
      cursor_token: "none",
    });
    expect([batch?.streamId, JSON.stringify(batch)]).toEqual([
      expect.any(String),
      expect.not.stringContaining("events"),
    ]);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(ConfigError);
    const waiting = stream.nextBatch();
    await Promise.all([stream.close(), stream.close()]);
    expect([await waiting, await stream.nextBatch(), server.closed]).toEqual([undefined, undefined, true]);
  });

  it.each([400, 403, 404, 422])("%i on opening is fatal, every time", async (status) => {
    const { stream, transport } = testEventTypeStream();
    transport.willOpen({ status });
    await expect(stream.nextBatch()).rejects.toMatchObject({ status });
    await expect(stream.nextBatch()).rejects.toMatchObject({ status });
  });

  it.each([429, 500, 503])("%i on opening is tried again, and so is a reset", async (status) => {
    const { stream, transport, retries, open, pass } = testEventTypeStream();
    transport.willOpen({ status }, new Error("reset"));
    for (let n = 0; n < 3; n += 1) await pass(100);
    await open();
    expect([stream.state, retries.length]).toEqual(["streaming", 2]);
  });

  it("takes silence for death after three flush timeouts and a grace", async () => {
    const { open, pass, retries } = testEventTypeStream({ batchFlushTimeoutSeconds: 10 });
    const server = await open();
    await pass(59_000);
    expect(server.closed).toBe(false);
    await pass(2_000);
    expect([server.closed, retries[0]?.code]).toEqual([true, "TIMEOUT"]);
  });

  it("a problem in the middle, when reading was forbidden, ends it with what the next attempt is told", async () => {
    const { stream, transport, open, pass } = testEventTypeStream();
    const server = await open();
    transport.willOpen({ status: 403 });
    server.send('{"title":"Forbidden","status":403}\n');
    server.end();
    await pass(100);
    await expect(stream.nextBatch()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

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

  it("that the server refuses though it holds them are fatal, and not asked for for ever", async () => {
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

it("invariant 8: a stream with an end that is closed leaves no question for it behind", async () => {
  const { stream, transport, open, pass } = testEventTypeStream({ from: "begin", until: "end" });
  const server = await open();
  const asked: (AbortSignal | undefined)[] = [];
  transport.onRequest = (_request, signal) => {
    asked.push(signal);
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  };
  server.send('{"cursor":{"partition":"0","offset":"7"},"events":[{"n":7}]}\n');
  await stream.nextBatch();
  await pass(1_000);
  await stream.close();
  expect(asked.map((signal) => signal?.aborted)).toEqual([true]);
});
