/** What the program gives a client to work with, and what becomes of the client where that does not work. */
import { getEventListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileToken, type Logger, NakadiClient, type NakadiError, ProtocolError, type Transport } from "../src/index.ts";
import { events, ONCE, scripted as scriptedPublisher } from "./scripted-publisher.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { testConsumer } from "./test-consumer.ts";

describe("a token provider", () => {
  it("that never answers is not waited for, and leaves no listener and no timer behind", async () => {
    const clock = new ManualClock();
    const transport = new ScriptedTransport();
    const token = (): Promise<string> => new Promise(() => undefined);
    const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, clock, token, requestTimeoutMs: 1_000 });
    onTestFinished(() => nakadi.close());
    const late = new AbortController();
    const aborted = new AbortController();
    const ends = [late, aborted].map(({ signal }) =>
      nakadi.subscriptions.delete("s", { signal }).catch((reason: unknown) => reason),
    );
    aborted.abort("enough");
    clock.advance(1_000);
    expect(await Promise.all(ends)).toEqual([expect.objectContaining({ code: "TIMEOUT", sent: false }), "enough"]);
    const listeners = [late, aborted].map(({ signal }) => getEventListeners(signal, "abort").length);
    expect([transport.requests, clock.pending, listeners]).toEqual([[], 0, [0, 0]]);
  });
});

describe("a transport that the program gives", () => {
  it("is two functions; a client that is closed sends nothing through it any more, and leaves it to the program", async () => {
    const scripted = new ScriptedTransport();
    const transport: Transport = {
      request: (...given) => scripted.request(...given),
      openStream: (...given) => scripted.openStream(...given),
    };
    const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport });
    const stream = nakadi.stream("s");
    await expect.poll(() => stream.state).toBe("streaming");
    scripted.newestStream.batch(1);
    const batch = await stream.nextBatch();
    if (!batch) throw new Error("no batch");
    expect((await stream.commit(batch)).result).toBe("committed");
    await nakadi.close();
    await expect(stream.commit(batch)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(nakadi.subscriptions.get("s")).rejects.toMatchObject({ code: "CLOSED" });
    expect([scripted.requests.length, scripted.streams.map(({ closed }) => closed)]).toEqual([1, [true]]);
  });

  const body = new Uint8Array();
  const BROKEN: [missing: string, answer: unknown][] = [
    ["everything", undefined],
    ["status", { headers: {}, body }],
    ["headers", { status: 200, body }],
    ["plain headers", { status: 200, headers: new Headers(), body }],
    ["body", { status: 200, headers: {} }],
  ];

  it.each(BROKEN)(
    "whose answer lacks %s may have stored events all the same, and says so by a type",
    async (_, answer) => {
      const transport = { request: () => Promise.resolve(answer), openStream: () => Promise.resolve(answer) } as never;
      const { nakadi, publisher } = scriptedPublisher([], ONCE, { transport });
      const { verdicts, cause } = await publisher.publish(events(1));
      expect([verdicts, cause]).toMatchObject([[{ status: "unknown" }], { code: "PROTOCOL" }]);
      await expect(nakadi.subscriptions.delete("s")).rejects.toBeInstanceOf(ProtocolError);
    },
  );

  it.each([...BROKEN.slice(0, -1), ["read", { status: 200, headers: {} }] as const])(
    "whose stream lacks %s is tried again as any other, and what was opened is closed",
    async (missing, answer) => {
      let closed = 0;
      const parts = { pause: body.at, resume: body.at, close: () => (closed += 1) };
      const stream = answer && { ...parts, ...answer };
      const transport = { request: () => Promise.resolve(answer), openStream: () => Promise.resolve(stream) } as never;
      const nakadi = new NakadiClient({ baseUrl: "http://x", transport, clock: new ManualClock() });
      onTestFinished(() => nakadi.close());
      const retries: NakadiError[] = [];
      nakadi.stream("s", { onRetry: (error) => void retries.push(error) });
      await expect.poll(() => retries.map(({ code }) => code)).toEqual(["PROTOCOL"]);
      expect(closed).toBe(missing === "everything" ? 0 : 1);
    },
  );
});

describe("a token file", () => {
  it("NN4: loses its line feed; while the file is missing the known token stays in use, and a refresh is tried again later", async () => {
    const directory = await mkdtemp(join(tmpdir(), "nakadi-token-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const path = join(directory, "token");
    const token = fileToken(path);
    await expect(token({ refresh: false })).rejects.toMatchObject({ code: "CONFIG" });
    await writeFile(path, " t1\n");
    expect(await token({ refresh: false })).toBe("t1");
    await rm(path);
    expect(await token({ refresh: false })).toBe("t1");
    await expect(token({ refresh: true })).rejects.toMatchObject({ code: "TRANSPORT" });
    await writeFile(path, "t2\n");
    expect(await token({ refresh: true })).toBe("t2");
  });
});

describe("tokens of a consumer", () => {
  it("NN4: a token file with a line feed at its end is a header without one", async () => {
    const directory = await mkdtemp(join(tmpdir(), "nakadi-token-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, "token"), "t1\r\n");
    const test = testConsumer({ onEvent: () => undefined }, {}, new ScriptedTransport(), {
      token: fileToken(join(directory, "token")),
    });
    await expect.poll(() => test.transport.opened.length).toBe(1);
    expect(test.transport.opened[0]?.headers["authorization"]).toBe("Bearer t1");
  });

  it("are refreshed once after a 401, on opening and on committing; a second one is fatal", async () => {
    const asked: boolean[] = [];
    let count = 0;
    const token = ({ refresh }: { refresh: boolean }): string => {
      asked.push(refresh);
      return refresh ? `t${++count}` : `t${count}`;
    };
    const refused = { status: 401 };
    const transport = new ScriptedTransport().willOpen(refused).willAnswer(refused);
    const test = testConsumer({ onEvent: () => undefined }, {}, transport, { token });
    const failed = test.consumer.done.catch((error: unknown) => error);
    const server = await test.open();
    server.batch(1);
    await test.settle();
    expect([asked, test.committed(), test.retries]).toEqual([[false, true, false, true], [["0:1"], ["0:1"]], []]);
    transport.willAnswer(refused, refused);
    server.batch(2);
    expect(await failed).toMatchObject({ code: "UNAUTHORIZED" });
  });
});

describe("an observer", () => {
  const mine: () => unknown = () => Promise.reject(new Error("mine"));

  function loggingClient(transport: ScriptedTransport): { nakadi: NakadiClient; logged: string[] } {
    const logged: string[] = [];
    const quiet = (): void => undefined;
    const logger = {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (_: object, message: string) => void logged.push(message),
    };
    const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, logger });
    onTestFinished(() => nakadi.close());
    return { nakadi, logged };
  }

  it("that rejects is logged, and breaks nothing", async () => {
    const { nakadi, logged } = loggingClient(new ScriptedTransport().willOpen({ status: 500 }));
    nakadi.stream("s", { onRetry: mine });
    await expect.poll(() => logged).toEqual(["stream observer failed"]);
  });

  it("of an outbox that rejects is logged, and breaks nothing", async () => {
    const { nakadi, logged } = loggingClient(new ScriptedTransport());
    const store = { claim: () => Promise.reject(new Error("away")) };
    nakadi.outbox(store, { onRetry: mine });
    await expect.poll(() => logged).toEqual(["outbox observer failed"]);
  });

  it.each([
    ["that rejects", mine],
    [
      "that throws",
      () => {
        throw new Error("mine");
      },
    ],
  ])("of a search %s is logged, and the search goes on", async (_, onProgress) => {
    const transport = new ScriptedTransport();
    transport.onRequest = ({ method, body }) => ({
      status: 200,
      body: JSON.stringify(
        method === "GET"
          ? [{ partition: "0", oldest_available_offset: "1", newest_available_offset: "1" }]
          : (JSON.parse(String(body)) as object[]).map((pair) => ({ ...pair, distance: 1 })),
      ),
    });
    const { nakadi, logged } = loggingClient(transport);
    const found = nakadi.search("e", () => false, { onProgress });
    const over = found.next();
    await expect.poll(() => transport.streams.length).toBe(1);
    transport.newestStream.send('{"cursor":{"partition":"0","offset":"1"},"events":[{"n":1}]}\n');
    expect(await over).toEqual({ value: undefined, done: true });
    // At the beginning, when the end was reached, and when all was looked at.
    const kinds = ["stream", "stream", "search"];
    await expect.poll(() => logged).toEqual(kinds.map((kind) => `${kind} observer failed`));
  });
});

describe("a logger", () => {
  const broken = (): never => {
    throw new Error("disk full");
  };
  const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };

  it("that throws breaks nothing, neither in a timer nor in a handler, and the process is warned once", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const options = { commit: "manual", commitTimeoutSeconds: 60 } as const;
    const test = testConsumer({ onEvent: (_, { log }) => log.info({}, "seen") }, options, new ScriptedTransport(), {
      logger,
    });
    (await test.open()).batch(1);
    await test.settle();
    expect(() => test.clock.advance(50_000)).not.toThrow();
    await test.settle();
    expect(warnings.map(({ name }) => name)).toEqual(["NakadiLoggerFailed"]);
    expect(warnings[0]?.message).toContain("disk full");
    expect([test.retries, test.consumer.state]).toEqual([[], "streaming"]);
  });
});
