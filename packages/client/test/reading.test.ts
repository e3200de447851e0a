/** What a reader of batches can rely on. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { testStream } from "./test-stream.ts";

describe("reading", () => {
  it("HS4: delivers batches in their order, keep-alives never", async () => {
    const { stream, open } = testStream();
    const server = await open();
    server.keepAlive();
    server.batch(1);
    server.keepAlive();
    server.batch(2, [{ n: 20 }, { n: 21 }]);
    const [first, second] = [await stream.nextBatch(), await stream.nextBatch()];
    expect(first?.events).toEqual([{ n: 1 }]);
    expect(second?.events).toEqual([{ n: 20 }, { n: 21 }]);
    expect(Buffer.from(second?.raw ?? []).toString()).toBe('[{"n":20},{"n":21}]');
    expect(second?.streamId).toBe(server.id);
  });

  it("keeps the stream's id out of what is enumerable, and of what is sent", async () => {
    const { stream, open, transport } = testStream();
    const server = await open();
    server.batch(1);
    const batch = await stream.nextBatch();
    if (!batch) throw new Error("no batch");
    expect(batch.cursor.streamId).toBe(server.id);
    expect(JSON.stringify(batch.cursor)).not.toContain("streamId");
    await stream.commit(batch);
    expect(transport.requests[0]?.headers["x-nakadi-streamid"]).toBe(server.id);
    expect(String(transport.requests[0]?.body)).not.toContain(server.id);
  });

  it("serves waiting calls in their order, and an abort takes no batch", async () => {
    const { stream, open } = testStream();
    const server = await open();
    const abort = new AbortController();
    const [first, second, third] = [stream.nextBatch(), stream.nextBatch({ signal: abort.signal }), stream.nextBatch()];
    const reason = new Error("no longer needed");
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    server.batch(1);
    server.batch(2);
    expect([(await first)?.events, (await third)?.events]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  });

  it("an abort before the call takes none either, though one is there", async () => {
    const { stream, open } = testStream();
    (await open()).batch(1);
    const reason = new Error("too late");
    await expect(stream.nextBatch({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
  });

  it("a long line is parsed in turns of the event loop, and the socket is paused until its end", async () => {
    const { stream, open } = testStream();
    const server = await open();
    const event = { n: 1, tags: ["x"], other: ["y"] };
    // A second of looking at bytes on any machine is many turns.
    server.batch(
      1,
      Array.from({ length: 1_000_000 }, () => event),
    );
    server.batch(2);
    expect(server.paused).toBe(true);
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    count();
    const long = await stream.nextBatch();
    counting = false;
    expect(turns).toBeGreaterThan(2);
    expect(long?.raw.length).toBe(1_000_000 * (JSON.stringify(event).length + 1) + 1);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 2 }]);
    expect(server.paused).toBe(false);
  });

  it("a waiting call goes on waiting when a stream breaks, and gets what the next one brings", async () => {
    const { stream, open, pass, retries } = testStream();
    const waiting = [stream.nextBatch(), stream.nextBatch()];
    (await open()).fail();
    await pass(100);
    (await open()).batch(1);
    (await open()).batch(2);
    expect((await Promise.all(waiting)).map((batch) => batch?.events)).toEqual([[{ n: 1 }], [{ n: 2 }]]);
    expect(retries).toHaveLength(1);
  });

  it("a fatal error is for all waiting calls, each later call, and the loop", async () => {
    const several = testStream({}, new ScriptedTransport().willOpen({ status: 403 }));
    const waiting = [several.stream.nextBatch(), several.stream.nextBatch()];
    const [first, second] = await Promise.all(waiting.map((one) => one.catch((error: unknown) => error)));
    expect([first, await several.stream.nextBatch().catch((error: unknown) => error)]).toEqual([second, second]);
    expect(first).toBe(second);

    const loop = testStream({}, new ScriptedTransport().willOpen({ status: 403 }));
    const looping = async (): Promise<void> => {
      for await (const batch of loop.stream) expect(batch).toBeUndefined();
    };
    await expect(looping()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("what throws in the loop leaves it, and closes the stream", async () => {
    const { stream, open } = testStream();
    const server = await open();
    server.batch(1);
    const mine = new Error("mine");
    const looping = async (): Promise<void> => {
      for await (const batch of stream) if (batch.events.length > 0) throw mine;
    };
    await expect(looping()).rejects.toBe(mine);
    expect([stream.state, server.closed]).toEqual(["closed", true]);
  });

  it("a signal that is used again and again keeps no listener", async () => {
    const { stream, open } = testStream();
    const server = await open();
    const { signal } = new AbortController();
    for (let n = 0; n < 500; n += 1) {
      const waiting = stream.nextBatch({ signal });
      server.batch(n);
      const batch = await waiting;
      if (batch) await stream.commit(batch, { signal });
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is read by one iterator, or by nextBatch, not by both", async () => {
    const one = testStream().stream;
    one[Symbol.asyncIterator]();
    expect(() => one[Symbol.asyncIterator]()).toThrow(ConfigError);
    await expect(one.nextBatch()).rejects.toBeInstanceOf(ConfigError);
    const other = testStream().stream;
    void other.nextBatch();
    expect(() => other[Symbol.asyncIterator]()).toThrow(ConfigError);
  });

  it("closes when the loop is left, and ends the loop when it is closed", async () => {
    const left = testStream();
    const server = await left.open();
    server.batch(1);
    for await (const batch of left.stream) if (batch.events.length > 0) break;
    expect([left.stream.state, server.closed]).toEqual(["closed", true]);
    expect(await left.stream.nextBatch()).toBeUndefined();

    const closed = testStream();
    await closed.open();
    const loop = (async () => {
      for await (const batch of closed.stream) expect(batch).toBeUndefined();
    })();
    await closed.stream.close();
    await loop;
  });

  it("pauses the socket when its queue is full, in batches or bytes, and reads on when half of it is taken", async () => {
    const { stream, open } = testStream({ bufferedBatches: 4 });
    const server = await open();
    for (let n = 0; n < 6; n += 1) server.batch(n);
    expect(server.paused).toBe(true);
    await stream.nextBatch();
    expect(server.paused).toBe(true);
    for (let n = 1; n < 6; n += 1) expect((await stream.nextBatch())?.events).toEqual([{ n }]);
    expect(server.paused).toBe(false);

    const bytes = testStream({ bufferedBytes: 1_000 });
    const heavy = await bytes.open();
    heavy.batch(1, [{ n: 1, text: "x".repeat(2_000) }]);
    expect(heavy.paused).toBe(true);
  });
});
