import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { NakadiClient, ProtocolError, TimeoutError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { settle, testStream } from "./test-stream.ts";

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

  it("S2: a spare consumer without partitions keeps its stream for 130 seconds, and then reconnects", async () => {
    const { open, pass, retries } = testStream();
    const server = await open();
    await pass(130_000);
    expect(server.closed).toBe(false);
    await pass(20_000);
    expect(server.closed).toBe(true);
    expect(retries[0]?.error).toBeInstanceOf(TimeoutError);
  });

  it("is not looked for while no batch is taken", async () => {
    const { open, pass } = testStream({ bufferedBatches: 1 });
    const server = await open();
    server.batch(1);
    await pass(10 * 60_000);
    expect(server.closed).toBe(false);
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

  it("events that are not JSON are an error of the call that reads them, not of the stream", async () => {
    const { stream, open } = testStream();
    const server = await open();
    server.send('{"cursor":{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"},"events":[{"n":}]}\n');
    const batch = await stream.nextBatch();
    expect(() => batch?.events).toThrow(ProtocolError);
    expect(stream.state).toBe("streaming");
  });
});

describe("invariant 8: close", () => {
  it("GO3, GO4: ends all waiting calls with nothing, and each later call, as often as it is called", async () => {
    const { stream, open } = testStream();
    await open();
    const waiting = [stream.nextBatch(), stream.nextBatch()];
    await Promise.all([stream.close(), stream.close()]);
    expect(await Promise.all([...waiting, stream.nextBatch()])).toEqual([undefined, undefined, undefined]);
  });

  it("GO4: batches that waited when it was closed are not handed out any more", async () => {
    const { stream, open } = testStream();
    const server = await open();
    server.batch(1);
    server.batch(2);
    await stream.close();
    expect(await stream.nextBatch()).toBeUndefined();
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
