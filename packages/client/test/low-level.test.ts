/** A stream without a subscription: what it reads, in which order, and how it goes on. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../src/index.ts";
import { testEventTypeStream } from "./test-event-type-stream.ts";

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

  it("keeps the contract: one reader, an end for all waiting calls, no batch for an abort, the stream's id with the batch", async () => {
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

  it("a problem in the middle, when reading was forbidden, ends it with the answer of the next attempt", async () => {
    const { stream, transport, open, pass } = testEventTypeStream();
    const server = await open();
    transport.willOpen({ status: 403 });
    server.send('{"title":"Forbidden","status":403}\n');
    server.end();
    await pass(100);
    await expect(stream.nextBatch()).rejects.toMatchObject({ code: "FORBIDDEN" });
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
