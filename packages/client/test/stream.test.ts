import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ConfigError, HttpError, NakadiClient, NoFreeSlotError, ProtocolError, TimeoutError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { settle, testStream } from "./test-stream.ts";

describe("reading", () => {
  it("delivers batches in their order, keep-alives never", async () => {
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

  it("serves those who wait in their order, and an abort takes no batch", async () => {
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

describe("invariant 1: a batch of a stream that has ended is never delivered", () => {
  it("GO1: batches of a dead stream are never delivered, however many were waiting", async () => {
    const { stream, open, pass } = testStream();
    const first = await open();
    for (let n = 0; n < 8; n += 1) first.batch(n);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 0 }]);
    first.fail();
    await pass(100);
    const second = await open();
    second.batch(1, [{ n: 100 }]);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 100 }]);
  });

  it("GO1: a refused commit of an old stream leaves the new one alone", async () => {
    const { stream, open, pass, transport } = testStream();
    const first = await open();
    first.batch(1);
    const old = await stream.nextBatch();
    if (!old) throw new Error("no batch");
    first.fail();
    await pass(100);
    const second = await open();
    transport.willAnswer({ status: 422 });
    await expect(stream.commit(old)).rejects.toMatchObject({ code: "SESSION_LOST", streamId: first.id });
    expect([stream.state, second.closed, transport.requests[0]?.headers["x-nakadi-streamid"]]).toEqual([
      "streaming",
      false,
      first.id,
    ]);
  });
});

describe("invariant 5: silence is detected", () => {
  it("GO8: a flush timeout beyond a minute does not make a healthy stream look dead", async () => {
    const { open, pass, transport } = testStream({ batchFlushTimeoutSeconds: 100 });
    const server = await open();
    for (let minutes = 0; minutes < 10; minutes += 1) {
      await pass(100_000);
      server.keepAlive();
    }
    expect([server.closed, transport.opened.length]).toEqual([false, 1]);
  });

  it("S2: a spare consumer without partitions is left alone for 130 seconds, and not for ever", async () => {
    const { open, pass, retries } = testStream();
    const server = await open();
    await pass(130_000);
    expect(server.closed).toBe(false);
    await pass(20_000);
    expect(server.closed).toBe(true);
    expect(retries[0]?.error).toBeInstanceOf(TimeoutError);
  });

  it("is not looked for while nobody takes batches", async () => {
    const { open, pass } = testStream({ bufferedBatches: 1 });
    const server = await open();
    server.batch(1);
    await pass(10 * 60_000);
    expect(server.closed).toBe(false);
  });
});

describe("invariant 6: transient and fatal are told apart", () => {
  it.each([400, 403, 404, 406, 410, 412, 415, 422, 501, 302])(
    "%i on opening is fatal, for every reader, every time",
    async (status) => {
      const transport = new ScriptedTransport().willOpen({ status, body: '{"title":"No","detail":"because"}' });
      const { stream, retries } = testStream({}, transport);
      const error = await stream.nextBatch().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({ status });
      await expect(stream.nextBatch()).rejects.toBe(error);
      expect([stream.state, retries, transport.opened.length]).toEqual(["failed", [], 1]);
      await stream.close();
      await expect(stream.nextBatch()).rejects.toBe(error);
    },
  );

  it.each([408, 425, 429, 500, 502, 503, 504])("%i on opening is tried again", async (status) => {
    const transport = new ScriptedTransport().willOpen({ status });
    const { stream, open, pass, retries } = testStream({}, transport);
    await pass(10);
    await open();
    expect([stream.state, retries.map(({ delayMs }) => delayMs)]).toEqual(["streaming", [10]]);
    expect(retries[0]?.error).toMatchObject({ status });
  });

  it("a 401 refreshes the token once; a second one is fatal", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 401 });
    const asked: boolean[] = [];
    const token = ({ refresh }: { refresh: boolean }): string => {
      asked.push(refresh);
      return refresh ? "new" : "old";
    };
    const nakadi = new NakadiClient({ baseUrl: "http://x", transport, token });
    nakadi.stream("s");
    await settle();
    expect(asked).toEqual([false, true]);
    expect(transport.opened.map(({ headers }) => headers["authorization"])).toEqual(["Bearer old", "Bearer new"]);
    expect(transport.streams).toHaveLength(1);
    await nakadi.close();

    const refusing = new ScriptedTransport().willOpen({ status: 401 }, { status: 401 });
    const other = new NakadiClient({ baseUrl: "http://x", transport: refusing, token });
    await expect(other.stream("s").nextBatch()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(refusing.opened).toHaveLength(2);
  });

  it("GO9: a stream without an id is refused, for nothing of it could be committed", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 200, headers: { "x-nakadi-streamid": "" } });
    const { open, pass, retries, transport: used } = testStream({}, transport);
    await settle();
    expect(used.streams[0]?.closed).toBe(true);
    await pass(20);
    await open();
    expect(retries[0]?.error).toBeInstanceOf(ProtocolError);
  });

  it("409 is waited out quietly for flush and commit timeout together, and told about from then on", async () => {
    const transport = new ScriptedTransport();
    transport.onOpen = () => ({ status: 409, body: '{"title":"Conflict","detail":"No free slots"}' });
    const { stream, pass, retries } = testStream({ batchFlushTimeoutSeconds: 10, commitTimeoutSeconds: 20 }, transport);
    await pass(29_000, 10);
    expect([stream.state, retries]).toEqual(["waiting-for-slot", []]);
    await pass(20_000, 10);
    expect(retries[0]?.error).toBeInstanceOf(NoFreeSlotError);
    transport.onOpen = () => ({ status: 200 });
    await pass(11_000, 100);
    expect(stream.state).toBe("streaming");
  });

  it("Retry-After is honoured, in seconds and as a date, within reason", async () => {
    const transport = new ScriptedTransport().willOpen(
      { status: 429, headers: { "retry-after": "7" } },
      { status: 503, headers: { "retry-after": new Date(Date.UTC(2026, 0, 1, 0, 0, 20)).toUTCString() } },
      { status: 503, headers: { "retry-after": "1000000" } },
    );
    const { pass, retries } = testStream({}, transport);
    await pass(7_000);
    await pass(13_000);
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([7_000, 13_000, 300_000]);
  });

  it("GO7: a stream that opens and ends at once, a thousand times, is no hot loop", async () => {
    const transport = new ScriptedTransport();
    const { pass, open, retries } = testStream({}, transport);
    for (let round = 0; round < 1_000; round += 1) {
      (await open()).end();
      await pass(15_000);
    }
    // Ten seconds between two tries once the delay has grown, so a minute sees no more than a dozen.
    const waited = retries.reduce((sum, { delayMs }) => sum + delayMs, 0);
    expect(retries).toHaveLength(1_000);
    expect(waited).toBeGreaterThan(975 * 10_000);
    expect(retries.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([10, 15, 22.5]);
  });

  it("the back-off starts over after a batch, and after ten seconds of life", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 500 }, { status: 500 });
    const { stream, open, pass, retries } = testStream({}, transport);
    await pass(100, 5);
    const first = await open();
    first.batch(1);
    await stream.nextBatch();
    first.fail();
    await pass(100);
    const second = await open();
    await pass(10_000);
    second.fail();
    await pass(100);
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([10, 15, 10, 10]);
  });

  it("a regular end after a useful life is nobody's alarm: Commit timeout reached though all was committed, and the like", async () => {
    const { stream, open, pass, retries, transport } = testStream();
    const server = await open();
    server.batch(1);
    await stream.nextBatch();
    server.send(
      '{"cursor":{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"},"info":{"debug":"Commit timeout reached"}}\n',
    );
    server.keepAlive();
    server.end();
    await pass(10);
    await open();
    expect([retries, transport.opened.length, stream.state]).toEqual([[], 2, "streaming"]);
  });
});

describe("invariant 7: bounds", () => {
  it("a line beyond its maximum is fatal, and the error says what to set", async () => {
    const { stream, open } = testStream({ maxLineBytes: 1_000 });
    const server = await open();
    server.send("x".repeat(600));
    server.send("x".repeat(600));
    await expect(stream.nextBatch()).rejects.toMatchObject({
      code: "PROTOCOL",
      message: expect.stringContaining("maxLineBytes, 1000 bytes"),
    });
    expect(server.closed).toBe(true);
  });

  it.each([
    ["HTML", "<html><body>login</body></html>\n"],
    ["no cursor", '{"events":[]}\n'],
    ["a cursor without fields", '{"cursor":{},"events":[{"n":1}]}\n'],
    ["a cursor of the wrong type", '{"cursor":{"partition":0,"offset":"1","event_type":"e","cursor_token":"t"}}\n'],
    [
      "events that are no array",
      '{"cursor":{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"},"events":7}\n',
    ],
  ])("%s instead of a batch ends the stream, which is opened again", async (_what, line) => {
    const { stream, open, pass, retries } = testStream();
    const server = await open();
    server.send(line);
    expect([server.closed, stream.state]).toEqual([true, "backing-off"]);
    await pass(100);
    await open();
    expect(retries[0]?.error).toBeInstanceOf(ProtocolError);
    expect(retries[0]?.error.message).not.toContain("login");
  });

  it("events that are not JSON are an error of whoever asks for them, not of the stream", async () => {
    const { stream, open } = testStream();
    const server = await open();
    server.send('{"cursor":{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"},"events":[{"n":}]}\n');
    const batch = await stream.nextBatch();
    expect(() => batch?.events).toThrow(ProtocolError);
    expect(stream.state).toBe("streaming");
  });
});

describe("invariant 8: close", () => {
  it("GO3, GO4: ends all who wait, with nothing, and whoever asks later, as often as it is called", async () => {
    const { stream, open } = testStream();
    await open();
    const waiting = [stream.nextBatch(), stream.nextBatch()];
    await Promise.all([stream.close(), stream.close()]);
    expect(await Promise.all([...waiting, stream.nextBatch()])).toEqual([undefined, undefined, undefined]);
  });

  it("GO5: drops the connection at once, in every state, and leaves no timer behind", async () => {
    const streaming = testStream();
    const server = await streaming.open();
    server.batch(1);
    await streaming.stream.close();
    expect([server.closed, streaming.clock.pending]).toEqual([true, 0]);

    const backingOff = testStream({}, new ScriptedTransport().willOpen({ status: 500 }));
    await settle();
    expect(backingOff.stream.state).toBe("backing-off");
    await backingOff.stream.close();
    expect([backingOff.clock.pending, backingOff.transport.opened.length]).toEqual([0, 1]);

    const transport = new ScriptedTransport();
    transport.onOpen = () => new Promise<never>(() => undefined);
    const connecting = testStream({}, transport);
    await settle();
    await connecting.stream.close();
    expect([connecting.stream.state, connecting.clock.pending]).toEqual(["closed", 0]);
  });

  it("a stream that opens after it was closed is dropped", async () => {
    const transport = new ScriptedTransport();
    let answer: (value: { status: number }) => void = () => undefined;
    transport.onOpen = () => new Promise((resolve) => (answer = resolve));
    const { stream } = testStream({}, transport);
    await settle();
    await stream.close();
    answer({ status: 200 });
    await settle();
    expect(transport.streams.filter(({ closed }) => !closed)).toEqual([]);
  });

  it("closes with its client", async () => {
    const { nakadi, stream, open } = testStream();
    const server = await open();
    await nakadi.close();
    expect([stream.state, server.closed]).toEqual(["closed", true]);
    expect(() => nakadi.stream("s")).toThrow("the client is closed");
  });
});

it("GO16: says so when the default of maxUncommittedEvents caps a larger batchLimit", async () => {
  const said: string[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  const logger = { debug: note, info: note, warn: note, error: note };
  const nakadi = new NakadiClient({ baseUrl: "http://x", transport: new ScriptedTransport(), logger });
  nakadi.stream("s", { batchLimit: 10 });
  expect(said).toEqual([]);
  nakadi.stream("s", { batchLimit: 11 });
  expect(said).toEqual([expect.stringContaining("maxUncommittedEvents is 10")]);
  await nakadi.close();
});

describe("observers", () => {
  it("GO2: onRetry is told of each retry with the real wait, onHealthy of each opened stream", async () => {
    const transport = new ScriptedTransport().willOpen(new Error("ECONNREFUSED"), { status: 503 });
    const { open, pass, retries, healthy } = testStream({}, transport);
    await pass(9);
    expect(transport.opened).toHaveLength(1);
    await pass(1);
    expect(transport.opened).toHaveLength(2);
    await pass(15);
    await open();
    expect([retries.map(({ error, delayMs }) => [error.code, delayMs]), healthy()]).toEqual([
      [
        ["TRANSPORT", 10],
        ["SERVER", 15],
      ],
      1,
    ]);
  });

  it("one that throws breaks nothing", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 500 });
    const boom = (): never => {
      throw new Error("observer");
    };
    const { stream, open, pass } = testStream({ onRetry: boom, onHealthy: boom }, transport);
    await pass(10);
    (await open()).batch(1);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
  });
});

describe("invariant 10: no token and no payload is ever shown", () => {
  it("neither by errors nor by inspect", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 403, body: '{"title":"Forbidden"}' });
    const nakadi = new NakadiClient({ baseUrl: "http://x", transport, token: "s3cret-token" });
    const stream = nakadi.stream("s");
    const error = await stream.nextBatch().catch((reason: unknown) => reason);
    const shown = [nakadi, stream, error].map((one) => inspect(one, { depth: 20, showHidden: true })).join("\n");
    expect(shown + JSON.stringify(error)).not.toContain("s3cret-token");
  });
});

describe("invariant 11: base URLs keep their path, segments are encoded", () => {
  it.each(["http://x/api/v1", "http://x/api/v1/"])("%s", async (baseUrl) => {
    const transport = new ScriptedTransport();
    const nakadi = new NakadiClient({ baseUrl, transport });
    nakadi.stream("a/b c", { batchLimit: 5 });
    await settle();
    expect(transport.opened[0]?.path).toBe("/subscriptions/a%2Fb%20c/events?batch_limit=5");
    await nakadi.close();
  });

  it("partitions make it a POST, whose parameters are in the body", async () => {
    const partitions = [{ event_type: "e", partition: "1" }];
    const { transport, settle: rest } = testStream({ partitions, batchLimit: 5 });
    await rest();
    expect(transport.opened[0]).toMatchObject({ method: "POST", path: "/subscriptions/s/events" });
    expect(JSON.parse(String(transport.opened[0]?.body))).toEqual({ batch_limit: 5, partitions });
  });
});
