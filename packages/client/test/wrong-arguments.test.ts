/** What is wrong in options and arguments is said at once, by its path: nothing is sent, nothing is lost. */
import { describe, expect, it, onTestFinished } from "vitest";
import {
  NakadiClient,
  type NakadiClientOptions,
  type OutboxStore,
  stopOnSignals,
  UndiciTransport,
} from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { testStream } from "./test-stream.ts";

describe("options of the client", () => {
  it.each<[path: string, options: object]>([
    ["options.logger.debug", { logger: {} }],
    ["options.logger", { logger: null }],
    ["options.transport.openStream", { transport: { request: () => undefined } }],
    ["options.clock.wallMs", { clock: {} }],
    ["options.random", { random: 0.5 }],
    ["options.maxConnections", { maxConnections: 0 }],
    ["options.maxConnections", { maxConnections: Infinity }],
    ["options.headers", { headers: 5 }],
    ["options.headers", { headers: ["x"] }],
    ["options.headers", { headers: new Headers({ x: "1" }) }],
    ["options.headers", { headers: null }],
    ["options.headers.transfer-encoding", { headers: { "Transfer-Encoding": "chunked" } }],
    ["options.headers.connection", { headers: { connection: "upgrade" } }],
    ["options.headers.keep-alive", { headers: { "keep-alive": "5" } }],
    ["options.headers.upgrade", { headers: { upgrade: "h2c" } }],
    ["options.headers.expect", { headers: { expect: "100-continue" } }],
  ])("%s: %o is refused", (path, options) => {
    const given = { baseUrl: "http://nakadi", ...options } as NakadiClientOptions;
    expect(() => new NakadiClient(given)).toThrow(expect.objectContaining({ code: "CONFIG", path }));
  });
});

it("numbers go to an object that takes them", () => {
  const { nakadi } = testStream();
  for (const metrics of [null, {}, { count: () => undefined }]) {
    expect(() => nakadi.consume("s", { onBatch: () => undefined, metrics: metrics as never })).toThrow(
      /^options\.metrics(\.count|\.gauge)? must be/,
    );
  }
});

it("an outbox has a store", () => {
  const { nakadi } = testStream();
  for (const store of [undefined, {}] as unknown as OutboxStore[]) {
    expect(() => nakadi.outbox(store)).toThrow(/^store(\.claim)? must be/);
  }
});

describe("a signal that is none", () => {
  const signal = new AbortController() as unknown as AbortSignal;
  const wrong = { code: "CONFIG", path: "options.signal" };

  it("takes no batch from the next call", async () => {
    const { stream, open } = testStream();
    const server = await open();
    await expect(stream.nextBatch({ signal })).rejects.toMatchObject(wrong);
    server.batch(1);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
  });

  it("is refused before anything is sent", async () => {
    const { stream, open, settle, nakadi, transport } = testStream();
    (await open()).batch(1);
    const batch = await stream.nextBatch();
    if (!batch) throw new Error("no batch");
    const lowLevel = nakadi.streamEventType("e");
    onTestFinished(() => lowLevel.close());
    await settle();
    transport.requests.length = 0;
    const publisher = nakadi.publisher("e", { category: "undefined" });
    const calls = [
      () => stream.commit(batch, { signal }),
      () => lowLevel.commit(batch, { signal }),
      () => lowLevel.nextBatch({ signal }),
      () => publisher.publish([{}], { signal }),
      () => publisher.delete([], { signal }),
      () => nakadi.subscriptions.get("s", { signal }),
      () => nakadi.positions("e", "end", { signal }),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject(wrong);
    expect(transport.requests).toEqual([]);
  });
});

it("what is committed is a batch or a cursor", async () => {
  const { stream, transport } = testStream({}, new ScriptedTransport());
  for (const what of [undefined, null, 5, {}, { cursor: undefined }, { cursor: null }] as never[])
    await expect(stream.commit(what)).rejects.toMatchObject({ code: "CONFIG" });
  expect(transport.requests).toEqual([]);
});

it.each<[path: string, options: object]>([
  ["options.drainMs", { drainMs: -1 }],
  ["options.drainMs", { drainMs: "10" }],
  ["options.signal", { signal: {} }],
  ["options.signals", { signals: "SIGTERM" }],
  ["options.drain", { drain: 10 }],
])("stopping on signals: %s: %o is refused now, and not when the process is to end", (path, options) => {
  const listeners = (): number => process.listenerCount("SIGTERM");
  const before = listeners();
  const wrong = expect.objectContaining({ code: "CONFIG", path });
  expect(() => stopOnSignals([], options)).toThrow(wrong);
  expect(listeners()).toBe(before);
});

it("a transport's time to connect is a number of milliseconds", () => {
  expect(() => new UndiciTransport("http://x", { connectTimeoutMs: -1 })).toThrow(
    expect.objectContaining({ code: "CONFIG", path: "options.connectTimeoutMs" }),
  );
});

it("a stop with a wrong time rejects, and does not stop", async () => {
  const { nakadi, transport } = testStream();
  const publisher = nakadi.publisher("e", { category: "undefined" });
  const outbox = nakadi.outbox({ claim: () => Promise.resolve() });
  const stops = [publisher.stop({ drainMs: -1 }), outbox.stop({ drainMs: -1 })];
  for (const stop of stops) await expect(stop).rejects.toMatchObject({ code: "CONFIG", path: "options.drainMs" });
  await publisher.publish([{}]).catch(() => undefined);
  expect(transport.requests.map(({ method }) => method)).toEqual(["POST"]);
});
