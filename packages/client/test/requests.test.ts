import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ConfigError, type HandlerBatch, NakadiClient, type NakadiError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { type Numbered, testConsumer } from "./test-consumer.ts";
import { testStream } from "./test-stream.ts";

function testClient(token?: string): { nakadi: NakadiClient; transport: ScriptedTransport } {
  const transport = new ScriptedTransport();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, ...(token === undefined ? {} : { token }) });
  onTestFinished(() => nakadi.close());
  return { nakadi, transport };
}

const subscription = { owning_application: "a", event_types: ["e"] };

describe("a redirect", () => {
  it("is never a success, and is not followed", async () => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => ({ status: 302, headers: { location: "https://elsewhere" } });
    for (const attempt of [nakadi.eventTypes.delete("e"), nakadi.subscriptions.get("s")]) {
      await expect(attempt).rejects.toMatchObject({ code: "HTTP", status: 302 });
    }
  });
});

describe("names and ids", () => {
  it.each(["", ".", "..", "\ud800"])("%j cannot lead to another resource", async (id) => {
    const { nakadi, transport } = testClient();
    await expect(nakadi.subscriptions.delete(id)).rejects.toMatchObject({ code: "CONFIG" });
    expect(transport.requests).toEqual([]);
  });
});

describe("creating a subscription", () => {
  it("finds it where another client has created it in the same moment", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 409 }, { status: 200, body: '{"id":"s"}' });
    expect(await nakadi.subscriptions.ensure(subscription)).toEqual({ id: "s" });
    expect(transport.requests.map(({ method }) => method)).toEqual(["POST", "POST"]);
  });

  it("pins a new one, and a refusal of that is not a failure", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 201, body: '{"id":"s"}' }, { status: 403 });
    await nakadi.subscriptions.ensure(subscription);
    expect(transport.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ["POST", "/subscriptions", JSON.stringify(subscription)],
      ["PATCH", "/subscriptions/s/cursors", '{"items":[]}'],
    ]);
  });

  it.each(["", "[]", "{}", "null"])("an answer of %j is not a subscription", async (body) => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 200, body });
    await expect(nakadi.subscriptions.create(subscription)).rejects.toMatchObject({ code: "PROTOCOL" });
  });
});

describe("resetting cursors", () => {
  it("while another reset is under way is a CursorResetError", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 409, headers: { "retry-after": "3" } });
    await expect(nakadi.subscriptions.resetCursors("s", [])).rejects.toMatchObject({
      name: "CursorResetError",
      code: "CURSOR_RESET",
      retryable: true,
      retryAfterMs: 3_000,
    });
  });
});

describe("invariant 10: no token and no payload is ever shown", () => {
  it("a token that a gateway quotes is taken out", async () => {
    const { nakadi, transport } = testClient("s3cret");
    transport.onRequest = () => ({ status: 403, body: '{"title":"Forbidden","detail":"token s3cret may not"}' });
    const error = await nakadi.subscriptions.delete("s").catch((reason: unknown) => reason as NakadiError);
    expect(inspect(error, { depth: 9 })).not.toContain("s3cret");
    expect((error as NakadiError).message).toContain("token [token] may not");
  });

  it("so is an older one, whose request is answered after it was refreshed", async () => {
    const transport = new ScriptedTransport();
    const tokens = ["s3cret-old", "s3cret-new"];
    const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport, token: () => tokens.shift() ?? "" });
    onTestFinished(() => nakadi.close());
    let answerFirst: (answer: { status: number; body: string }) => void = () => undefined;
    transport.onRequest = () => new Promise((resolve) => (answerFirst = resolve));
    const first = nakadi.subscriptions.delete("s").catch((reason: unknown) => reason as NakadiError);
    await expect.poll(() => transport.requests.length).toBe(1);
    transport.onRequest = () => ({ status: 204 });
    await nakadi.subscriptions.delete("s");
    answerFirst({ status: 403, body: '{"title":"Forbidden","detail":"s3cret-old has expired"}' });
    expect((await first) as NakadiError).toMatchObject({ message: expect.stringContaining("[token] has expired") });
  });

  it("a body that is not JSON is not quoted", async () => {
    const { nakadi, transport } = testClient("s3cret");
    transport.onRequest = () => ({ status: 200, body: "Bearer s3cret" });
    const error = await nakadi.subscriptions.delete("s").catch((reason: unknown) => reason as NakadiError);
    expect(error).toMatchObject({ code: "PROTOCOL", message: expect.stringContaining("the answer is not JSON") });
    expect(inspect(error, { depth: 9 })).not.toContain("s3cret");
  });

  it("neither does a batch show its events, except to code that reads them", async () => {
    const { stream, open } = testStream();
    (await open()).batch(4_711);
    const batch = await stream.nextBatch();
    expect(batch?.events).toEqual([{ n: 4_711 }]);
    expect(inspect(batch, { depth: 9 }).replace(batch?.cursor.offset ?? "", "")).not.toContain("4711");
    expect(JSON.parse(JSON.stringify(batch))).toEqual({ cursor: { ...batch?.cursor } });
  });

  it("nor does the batch of a handler", async () => {
    const batches: HandlerBatch<Numbered>[] = [];
    const test = testConsumer({ onBatch: (batch) => void batches.push(batch) });
    (await test.open()).batch(1, [{ n: 4_711 }]);
    await test.settle();
    const [batch] = batches;
    expect([batch?.events, batch?.cursor.partition]).toEqual([[{ n: 4_711 }], "0"]);
    expect(inspect(batch, { depth: 9 }) + JSON.stringify(batch)).not.toContain("4711");
  });

  it("nor do bytes that are no HTTP become part of an error", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () =>
        socket.write(
          "HTTP/1.1 200 OK\r\nX-Nakadi-StreamId: 7b7c7100-0559-11e6-a837-0800200c9a66\r\nTransfer-Encoding: chunked\r\n\r\nZZ{iban:DE99}\r\n",
        ),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const nakadi = new NakadiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    onTestFinished(() => nakadi.close());
    const error = await new Promise<NakadiError>((onRetry) => nakadi.stream("s", { onRetry }));
    expect(error.code).toBe("TRANSPORT");
    expect(inspect(error, { depth: 9 })).not.toContain("DE99");
  });
});

describe("headers of every request", () => {
  it.each<[string, Record<string, string>]>([
    ["options.headers.x-a", { "x-a": "1\r\nx-b: 2" }],
    ["options.headers", { "x a": "1" }],
    ["options.headers.authorization", { Authorization: "Bearer x" }],
  ])("%s: what a header cannot carry is refused at once", (path, headers) => {
    expect(() => new NakadiClient({ baseUrl: "http://x", headers })).toThrow(
      expect.objectContaining({ code: "CONFIG", path }) as ConfigError,
    );
  });
});

describe("a signal that many calls share", () => {
  it("leaks no listener, and Node does not warn of one", async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const { nakadi, transport } = testClient();
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    transport.onRequest = async ({ method }, signal) => {
      signal?.addEventListener("abort", note as never, { once: true });
      await answered;
      return method === "POST" ? { status: 200 } : { status: 204 };
    };
    const publisher = nakadi.publisher("e", { category: "undefined" });
    const { signal } = new AbortController();
    const calls = Array.from({ length: 20 }, () => [
      publisher.publish([{}]),
      publisher.publish([{}], { signal }),
      nakadi.subscriptions.delete("s", { signal }),
    ]).flat();
    await expect.poll(() => transport.requests.length).toBe(60);
    answer();
    await Promise.all(calls);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });
});

describe("a process", () => {
  it("lives on while a stream waits to be opened again, and ends when it is closed", async () => {
    let attempts = 0;
    const server = createServer((_request, response) => {
      attempts += 1;
      response.writeHead(503, { connection: "close" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    // A process of its own runs the build: the sources are TypeScript.
    const index = new URL("../dist/index.js", import.meta.url).href;
    const program = `
      import { NakadiClient } from ${JSON.stringify(index)};
      const nakadi = new NakadiClient({ baseUrl: "http://127.0.0.1:${(server.address() as AddressInfo).port}" });
      let retries = 0;
      const stream = nakadi.stream("s", { onRetry: () => { if (++retries === 4) void nakadi.close(); } });
      console.log(await stream.nextBatch());
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect([code, said.trim(), attempts]).toEqual([0, "undefined", 4]);
  });
});
