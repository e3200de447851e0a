import { describe, expect, it } from "vitest";
import { type Batch, ConfigError, type StreamCursor } from "../src/index.ts";
import type { ScriptedTransport } from "./scripted-transport.ts";
import { testStream, type TestStream } from "./test-stream.ts";

/** Batches of the given partitions, one each, as they come from one stream. */
async function batchesOf(test: TestStream, ...partitions: string[]): Promise<Batch<{ n: number }>[]> {
  const server = await test.open();
  const batches: Batch<{ n: number }>[] = [];
  for (const partition of partitions) {
    server.batch(batches.length, [{ n: batches.length }], partition);
    const batch = await test.stream.nextBatch();
    if (batch) batches.push(batch);
  }
  return batches;
}

const bodyOf = (transport: ScriptedTransport, index: number): { items: StreamCursor[] } =>
  JSON.parse(String(transport.requests[index]?.body)) as { items: StreamCursor[] };

describe("a commit", () => {
  it("of a batch is committed when the server says 204", async () => {
    const test = testStream();
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    const { result, items } = await test.stream.commit(batch);
    expect([result, items.map((item) => item.result)]).toEqual(["committed", ["committed"]]);
    expect(test.transport.requests[0]).toMatchObject({ method: "POST", path: "/subscriptions/s/cursors" });
    expect(bodyOf(test.transport, 0)).toEqual({ items: [{ ...batch.cursor }] });
    expect(test.healthy()).toBe(2);
  });

  it("is outdated if any of its items is, as the server's 200 says", async () => {
    const test = testStream();
    const batches = await batchesOf(test, "0", "1");
    const items = [
      { cursor: {}, result: "committed" },
      { cursor: {}, result: "outdated" },
    ];
    test.transport.willAnswer({ status: 200, body: JSON.stringify({ items }) });
    const committed = await test.stream.commit(batches);
    expect([committed.result, committed.items.map((item) => item.result)]).toEqual([
      "outdated",
      ["committed", "outdated"],
    ]);
  });

  it("of nothing sends nothing", async () => {
    const test = testStream();
    await test.open();
    expect(await test.stream.commit([])).toEqual({ result: "committed", items: [] });
    expect(test.transport.requests).toEqual([]);
  });

  it("of a cursor without a stream requires its id, before anything is sent", async () => {
    const test = testStream();
    const [batch] = await batchesOf(test, "0");
    const bare = { ...batch?.cursor } as StreamCursor;
    await expect(test.stream.commit(bare)).rejects.toBeInstanceOf(ConfigError);
    expect(test.transport.requests).toEqual([]);
    await test.stream.commit(bare, { streamId: "11111111-1111-4111-8111-111111111111" });
    expect(test.transport.requests[0]?.headers["x-nakadi-streamid"]).toBe("11111111-1111-4111-8111-111111111111");
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "what"],
    ["a text", "0", "what"],
    ["null in a list", [null], "what"],
    ["no cursor", {}, "cursor.partition"],
    [
      "a partition that is a number",
      { partition: 0, offset: "1", event_type: "e", cursor_token: "t" },
      "cursor.partition",
    ],
    ["no token", { partition: "0", offset: "1", event_type: "e" }, "cursor.cursor_token"],
    ["no offset", { partition: "0", offset: "", event_type: "e", cursor_token: "t" }, "cursor.offset"],
  ])("of %s is refused before anything is sent", async (_what, what, path) => {
    const test = testStream();
    const options = { streamId: "11111111-1111-4111-8111-111111111111" };
    await expect(test.stream.commit(what as StreamCursor, options)).rejects.toMatchObject({ code: "CONFIG", path });
    expect(test.transport.requests).toEqual([]);
  });

  it.each(["", "s-1", "11111111-1111-4111-8111-111111111111\r\nx-other: 1"])(
    "with the stream id %j is refused",
    async (streamId) => {
      const test = testStream();
      const [batch] = await batchesOf(test, "0");
      const bare = { ...batch?.cursor } as StreamCursor;
      await expect(test.stream.commit(bare, { streamId })).rejects.toMatchObject({ path: "cursor.streamId" });
      expect(test.transport.requests).toEqual([]);
    },
  );

  it("goes to each stream with its own id when batches come from several", async () => {
    const test = testStream();
    const first = await batchesOf(test, "0");
    (await test.open()).fail();
    await test.pass(100);
    const second = await batchesOf(test, "0");
    await test.stream.commit([...first, ...second]);
    expect(test.transport.requests.map(({ headers }) => headers["x-nakadi-streamid"])).toEqual(
      [...first, ...second].map(({ streamId }) => streamId),
    );
  });

  it("of several lanes that is refused is tried lane by lane: what is refused alone is lost, the others go on", async () => {
    const test = testStream();
    const batches = await batchesOf(test, "0", "1", "2");
    const server = await test.open();
    server.batch(7, [{ n: 7 }], "1");
    server.batch(8, [{ n: 8 }], "2");
    test.transport.willAnswer({ status: 422 }, { status: 204 }, { status: 422 }, { status: 204 });
    await expect(test.stream.commit(batches)).rejects.toMatchObject({ code: "SESSION_LOST" });
    expect(
      test.transport.requests.map((_, index) => bodyOf(test.transport, index).items.map(({ partition }) => partition)),
    ).toEqual([["0", "1", "2"], ["0"], ["1"], ["2"]]);
    expect([(await test.stream.nextBatch())?.events, test.stream.state]).toEqual([[{ n: 8 }], "streaming"]);
  });

  it("that loses a lane which then comes back ends the stream: the events dropped from the lane are delivered in the next", async () => {
    const test = testStream();
    const batches = await batchesOf(test, "0", "1");
    const server = await test.open();
    test.transport.willAnswer({ status: 422 }, { status: 204 }, { status: 422 });
    await expect(test.stream.commit(batches)).rejects.toMatchObject({ code: "SESSION_LOST" });
    server.batch(9, [{ n: 9 }], "1");
    expect(server.closed).toBe(true);
    await test.pass(100);
    (await test.open()).batch(2, [{ n: 2 }], "1");
    expect((await test.stream.nextBatch())?.events).toEqual([{ n: 2 }]);
    expect(test.retries).toMatchObject([{ error: { code: "SESSION_LOST", lanes: ["e:1"] }, delayMs: 10 }]);
  });

  it("that loses every lane of its stream ends that stream, and another one is opened", async () => {
    const test = testStream();
    const batches = await batchesOf(test, "0", "1");
    const server = await test.open();
    test.transport.willAnswer({ status: 422 }, { status: 422 }, { status: 422 });
    await expect(test.stream.commit(batches)).rejects.toMatchObject({ code: "SESSION_LOST" });
    expect(server.closed).toBe(true);
    await test.pass(100);
    expect((await test.open()).id).not.toBe(server.id);
  });

  it.each([403, 404])("that is answered %i is fatal for the stream", async (status) => {
    const test = testStream();
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.willAnswer({ status });
    await expect(test.stream.commit(batch)).rejects.toMatchObject({ status });
    await expect(test.stream.nextBatch()).rejects.toMatchObject({ status });
  });

  it("is tried once by default", async () => {
    const test = testStream();
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.willAnswer({ status: 503 });
    await expect(test.stream.commit(batch)).rejects.toMatchObject({ status: 503 });
    expect([test.transport.requests.length, test.retries]).toEqual([1, []]);
  });

  it("with commitRetry is sent again after what may pass, told to onRetry, until it is taken", async () => {
    const test = testStream({ commitRetry: true });
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.willAnswer({ status: 503 }, new Error("reset"), { status: 429, headers: { "retry-after": "2" } });
    const commit = test.stream.commit(batch);
    await test.pass(3_000, 5);
    expect((await commit).result).toBe("committed");
    expect(test.retries.map(({ delayMs }) => delayMs)).toEqual([10, 15, 2_000]);
  });

  it("GO11: with commitRetry a 422 is never sent again", async () => {
    const test = testStream({ commitRetry: true });
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.willAnswer({ status: 422 });
    await expect(test.stream.commit(batch)).rejects.toMatchObject({ code: "SESSION_LOST" });
    expect(test.transport.requests).toHaveLength(1);
  });

  it("NJ6: with commitRetry gives up when its time is over, with the last error", async () => {
    const test = testStream({ commitRetry: { maxElapsedMs: 1_000 } });
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.onRequest = () => ({ status: 503 });
    const failed = test.stream.commit(batch).catch((error: unknown) => error);
    await test.pass(2_000, 5);
    expect(await failed).toMatchObject({ status: 503 });
    expect(test.retries.reduce((sum, { delayMs }) => sum + delayMs, 0)).toBeLessThanOrEqual(1_000);
  });

  it("stops being tried again when the stream is closed; one that is asked for later is tried once", async () => {
    const test = testStream({ commitRetry: true });
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.onRequest = () => ({ status: 503 });
    const failed = test.stream.commit(batch).catch((error: unknown) => error);
    await test.settle();
    await test.stream.close();
    expect(await failed).toMatchObject({ status: 503 });
    await expect(test.stream.commit(batch)).rejects.toMatchObject({ status: 503 });
    expect([test.transport.requests.length, test.clock.pending]).toEqual([2, 0]);
    test.transport.onRequest = () => ({ status: 204 });
    expect((await test.stream.commit(batch)).result).toBe("committed");
  });

  it("that is aborted rejects with the reason of its signal, also while it waits to be tried again", async () => {
    const test = testStream({ commitRetry: true });
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    test.transport.onRequest = () => ({ status: 503 });
    const abort = new AbortController();
    const failed = test.stream.commit(batch, { signal: abort.signal }).catch((error: unknown) => error);
    await test.settle();
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await failed).toBe(reason);
  });

  it("whose answer does not say what became of each cursor is an error, not a success", async () => {
    const test = testStream();
    const [batch] = await batchesOf(test, "0");
    if (!batch) throw new Error("no batch");
    for (const body of ["", "<html>", "{}", '{"items":[]}', '{"items":[{"result":"maybe"}]}']) {
      test.transport.willAnswer({ status: 200, body });
      await expect(test.stream.commit(batch)).rejects.toMatchObject({ code: "PROTOCOL" });
    }
  });
});
