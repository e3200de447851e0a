import { setMaxListeners } from "node:events";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type StreamResponse, UndiciTransport, type UndiciTransportOptions } from "../src/index.ts";

interface TestServer {
  url: string;
  /** Connections that are open now. */
  sockets: Set<Socket>;
  requests: string[];
}

async function server(handler: http.RequestListener): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const listening = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handler(request, response);
  });
  listening.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, sockets, requests };
}

function transportTo(url: string, options?: UndiciTransportOptions): UndiciTransport {
  const transport = new UndiciTransport(url, options);
  onTestFinished(() => transport.close());
  return transport;
}

const get = (path = "/") => ({ method: "GET" as const, path, headers: {} });
const LIMITS = { timeoutMs: 10_000, maxBytes: 1_000_000 };

/** Everything that comes, and how it ended. */
function readAll(response: StreamResponse): Promise<{ text: string; error?: unknown }> {
  return new Promise((resolve) => {
    let text = "";
    response.read({
      chunk: (bytes) => (text += Buffer.from(bytes).toString()),
      ended: () => resolve({ text }),
      failed: (error) => resolve({ text, error }),
    });
  });
}

describe("a request", () => {
  it("keeps the base URL's path, sends its body, and brings the whole answer whatever its status", async () => {
    const { url, requests } = await server((request, response) => {
      response.writeHead(418, { "X-Flow-Id": "f" });
      request.pipe(response);
    });
    const answer = await transportTo(`${url}/api/`).request(
      { ...get("/x?y=1"), method: "POST", body: "héllo" },
      LIMITS,
    );
    expect([answer.status, answer.headers["x-flow-id"], Buffer.from(answer.body).toString()]).toEqual([
      418,
      "f",
      "héllo",
    ]);
    expect(requests).toEqual(["POST /api/x?y=1"]);
  });

  it("follows no redirect", async () => {
    const { url, requests } = await server((_request, response) =>
      response.writeHead(302, { location: "/elsewhere" }).end(),
    );
    expect((await transportTo(url).request(get(), LIMITS)).status).toBe(302);
    expect(requests).toHaveLength(1);
  });

  it("that is refused, cut, too long or too late says which", async () => {
    const closed = await server((_request, response) => response.end());
    const { url } = await server((request, response) => {
      if (request.url === "/cut") response.destroy();
      else if (request.url === "/long") response.end("x".repeat(2_000));
    });
    const transport = transportTo(url);
    await expect(transport.request(get("/cut"), LIMITS)).rejects.toThrow(/other side closed|socket/);
    await expect(transport.request(get("/long"), { ...LIMITS, maxBytes: 1_000 })).rejects.toMatchObject({
      code: "PROTOCOL",
    });
    await expect(transport.request(get("/late"), { ...LIMITS, timeoutMs: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    const nowhere = transportTo("http://127.0.0.1:1");
    await expect(nowhere.request(get(), LIMITS)).rejects.toMatchObject({
      code: "TRANSPORT",
      sent: false,
      cause: { code: "ECONNREFUSED" },
    });
    expect(closed.requests).toEqual([]);
  });

  it("rejects with the reason of its signal, before and while it waits", async () => {
    const { url, sockets } = await server(() => undefined);
    const transport = transportTo(url);
    const reason = new Error("enough");
    await expect(transport.request(get(), LIMITS, AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const waiting = transport.request(get(), LIMITS, abort.signal);
    await expect.poll(() => sockets.size).toBeGreaterThan(0);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe("many requests at once", () => {
  const commit = { ...get("/commit"), urgent: true as const };

  it("have no more than maxConnections, 64 by default, and the rest wait in their order", async () => {
    for (const [options, most] of [
      [{}, 64],
      [{ maxConnections: 3 }, 3],
      [{ maxConnections: 1 }, 1],
    ] as const) {
      let seen = 0;
      const { url, sockets, requests } = await server((_request, response) => {
        seen = Math.max(seen, sockets.size);
        setImmediate(() => response.end());
      });
      const transport = transportTo(url, options);
      const paths = Array.from({ length: 500 }, (_, n) => `/${n}`);
      const answers = await Promise.all(paths.map((path) => transport.request(get(path), LIMITS)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(seen).toBeLessThanOrEqual(most);
      const came = requests.map((request) => Number(request.slice("GET /".length)));
      // Through several connections a server sees requests in any order.
      if (most === 1) expect(came).toEqual(paths.map((_, n) => n));
    }
  });

  it("which are never answered hold up no commit, however many wait", async () => {
    const { url } = await server((request, response) => void (request.url === "/commit" && response.end()));
    const transport = transportTo(url, { maxConnections: 2 });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const hanging = Array.from({ length: 20 }, () => transport.request(get("/hangs"), LIMITS, stop.signal));
    for (let n = 0; n < 3; n += 1) expect((await transport.request(commit, LIMITS)).status).toBe(200);
    stop.abort(new Error("enough"));
    for (const { reason } of (await Promise.allSettled(hanging)) as PromiseRejectedResult[])
      expect(reason).toHaveProperty("message", "enough");
  });

  it("wait with their signals and times: one that gives up has sent nothing, and makes way", async () => {
    let answer: () => void = () => undefined;
    const { url, requests } = await server((request, response) => {
      if (request.url === "/first") answer = () => response.end();
      else response.end();
    });
    const transport = transportTo(url, { maxConnections: 1 });
    const first = transport.request(get("/first"), LIMITS);
    await expect.poll(() => requests).toEqual(["GET /first"]);
    const abort = new AbortController();
    const aborted = transport.request(get("/aborted"), LIMITS, abort.signal);
    const late = transport.request(get("/late"), { ...LIMITS, timeoutMs: 50 });
    const last = transport.request(get("/last"), LIMITS);
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await expect(late).rejects.toMatchObject({ code: "TIMEOUT", sent: false });
    answer();
    await Promise.all([first, last]);
    expect(requests).toEqual(["GET /first", "GET /last"]);
  });

  it("that wait when the transport is closed fail with that reason", async () => {
    const { url } = await server(() => undefined);
    const transport = transportTo(url, { maxConnections: 1 });
    const all = Array.from({ length: 5 }, () => transport.request(get(), LIMITS));
    const told = Promise.allSettled(all);
    await new Promise((resolve) => setImmediate(resolve));
    await transport.close();
    const reasons = ((await told) as PromiseRejectedResult[]).map(({ reason }) => (reason as { code: string }).code);
    expect(reasons.slice(1)).toEqual(["CLOSED", "CLOSED", "CLOSED", "CLOSED"]);
  });
});

describe("a stream", () => {
  it("is there with its head, before any byte of its body", async () => {
    const { url } = await server((_request, response) => {
      response.writeHead(200, { "X-Nakadi-StreamId": "id" });
      response.flushHeaders();
    });
    const stream = await transportTo(url).openStream(get(), 10_000);
    expect([stream.status, stream.headers["x-nakadi-streamid"]]).toEqual([200, "id"]);
  });

  it("delivers what came before the first read, and its regular end", async () => {
    const { url } = await server((_request, response) => response.end("one\ntwo\n"));
    const stream = await transportTo(url).openStream(get(), 10_000);
    expect(await readAll(stream)).toEqual({ text: "one\ntwo\n" });
  });

  it("tells a cut from a regular end", async () => {
    const { url } = await server((_request, response) => {
      response.write("one\ntw");
      setImmediate(() => response.destroy());
    });
    const { error } = await readAll(await transportTo(url).openStream(get(), 10_000));
    expect(error).toBeInstanceOf(Error);
  });

  it("stops reading from its socket while it is paused, and goes on afterwards without a gap", async () => {
    const total = 32 * 1024 * 1024;
    let written = 0;
    let blocked = false;
    const { url } = await server((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024, "x");
      const write = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) {
            blocked = true;
            response.once("drain", () => {
              blocked = false;
              write();
            });
            return;
          }
        }
        response.end();
      };
      write();
    });
    const stream = await transportTo(url).openStream(get(), 10_000);
    stream.pause();
    let bytes = 0;
    const done = new Promise<void>((resolve, reject) => {
      stream.read({ chunk: (chunk) => (bytes += chunk.length), ended: resolve, failed: reject });
    });
    await expect.poll(() => blocked).toBe(true);
    expect(bytes).toBeLessThan(total / 2);
    stream.resume();
    await done;
    expect(bytes).toBe(total);
  });

  it("takes its socket with it when it is closed, and says nothing more", async () => {
    const { url, sockets } = await server((_request, response) => void response.write("one\n"));
    const stream = await transportTo(url).openStream(get(), 10_000);
    const told: string[] = [];
    stream.read({ chunk: () => undefined, ended: () => told.push("ended"), failed: () => told.push("failed") });
    stream.close();
    stream.close();
    await expect.poll(() => sockets.size).toBe(0);
    expect(told).toEqual([]);
  });

  it("waits for its head up to a limit", async () => {
    const { url, sockets } = await server(() => undefined);
    await expect(transportTo(url).openStream(get(), 50)).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("never keeps a request waiting", async () => {
    const { url } = await server((request, response) =>
      request.url === "/stream" ? response.write("x\n") : response.end("ok"),
    );
    const transport = transportTo(url);
    await Promise.all(Array.from({ length: 20 }, () => transport.openStream(get("/stream"), 10_000)));
    expect((await transport.request(get("/commit"), LIMITS)).status).toBe(200);
  });
});

it("nothing is left when the transport is closed, and nothing can be asked any more", async () => {
  const { url, sockets } = await server((request, response) =>
    request.url === "/stream" ? response.write("x\n") : response.end(),
  );
  const transport = new UndiciTransport(url);
  await transport.openStream(get("/stream"), 10_000);
  await transport.request(get(), LIMITS);
  await transport.close();
  await expect.poll(() => sockets.size).toBe(0);
  await expect(transport.request(get(), LIMITS)).rejects.toMatchObject({ code: "CLOSED" });
});
