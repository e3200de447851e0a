/** What never becomes a request, over raw sockets. */
import { once } from "node:events";
import net from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { type TestBroker, testBroker } from "./test-broker.ts";

interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

/** Sends bytes on a connection of their own and reads to its end. */
async function raw({ broker }: TestBroker, request: string): Promise<RawAnswer> {
  const socket = net.connect(broker.port, "127.0.0.1");
  socket.write(request, "latin1");
  return answerOf(await text(socket));
}

function answerOf(received: string): RawAnswer {
  const [head = "", body = ""] = received.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head: head.toLowerCase(), body };
}

const FLOW = "X-Flow-Id: my flow/7\r\n";

describe("invalid HTTP", () => {
  it.each([
    ["a header without a colon", `GET /health HTTP/1.1\r\nHost: x\r\n${FLOW}Bad header\r\n\r\n`, 400],
    ["no request line", "hello\r\n\r\n", 400],
    ["bytes of another protocol", "\x16\x03\x01\x02\x00\x01", 400],
    ["a version that there is not", `GET /health HTTP/9.9\r\nHost: x\r\n${FLOW}\r\n`, 505],
    ["a head that is too long", `GET /health HTTP/1.1\r\nHost: x\r\nA: ${"x".repeat(600_000)}\r\n\r\n`, 431],
    ["two lengths", `POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    [
      "a body whose chunks have no size",
      `POST /event-types HTTP/1.1\r\nHost: x\r\n${FLOW}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
    ["no host", `GET /health HTTP/1.1\r\n${FLOW}Connection: close\r\n\r\n`, 400],
    ["an expectation", `GET /health HTTP/1.1\r\nHost: x\r\n${FLOW}Expect: x\r\nConnection: close\r\n\r\n`, 417],
  ])("%s: a problem with a flow id, and the connection ends", async (_, request, status) => {
    const answer = await raw(await testBroker(), request);
    expect(answer.status).toBe(status);
    expect(answer.head).toContain("content-type: application/problem+json");
    expect(answer.head).toContain("connection: close");
    expect(answer.head).toMatch(request.includes(FLOW) && status !== 505 ? /x-flow-id: my flow\/7/ : /x-flow-id: \S/);
    expect(JSON.parse(answer.body)).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  });

  it("is distinguished from the request before it on the same connection", async () => {
    const test = await testBroker();
    const first = "GET /health HTTP/1.1\r\nHost: x\r\nX-Flow-Id: first\r\n\r\n";
    const second = "FOO /event-types HTTP/1.1\r\nHost: x\r\nX-Flow-Id: second\r\n\r\n";
    const { status, head } = await raw(test, first + second);
    expect([status, head]).toEqual([405, expect.stringContaining("x-flow-id: second")]);
  });
});

describe("methods", () => {
  const close = "Host: x\r\nConnection: close\r\n";
  it.each(["QUERY", "PROPFIND", "FOO", "get", "CONNECT", "TRACE", "M-SEARCH"])(
    "%s is a 405 that says which there are",
    async (method) => {
      const test = await testBroker();
      const answer = await raw(test, `${method} /event-types HTTP/1.1\r\n${close}${FLOW}\r\n`);
      expect([answer.status, answer.head]).toEqual([405, expect.stringContaining("allow: get,post\r\n")]);
      expect(answer.head).toContain("x-flow-id: my flow/7");
      expect(JSON.parse(answer.body)).toEqual({
        title: "Method Not Allowed",
        status: 405,
        detail: `Request method '${method}' not supported`,
      });
      expect((await raw(test, `${method} /nonsense HTTP/1.1\r\n${close}\r\n`)).status).toBe(404);
      expect((await raw(test, `${method} /event-types;x HTTP/1.1\r\n${close}\r\n`)).status).toBe(400);
    },
  );

  it.each([
    ["http://x/event-types", 405],
    ["/event-types/%zz", 400],
    ["*", 404],
    ["x:443", 404],
    ["/a//b", 400],
    ["/event-types?x=%zz;//", 405],
  ])("that are not known with the target %s: %i", async (target, status) => {
    const test = await testBroker();
    for (const method of ["FOO", "CONNECT"])
      expect([method, (await raw(test, `${method} ${target} HTTP/1.1\r\n${close}\r\n`)).status]).toEqual([
        method,
        status,
      ]);
  });

  it("QUERY with a body, too", async () => {
    const test = await testBroker();
    const type = "Content-Type: application/json\r\nContent-Length: 2\r\n";
    expect((await raw(test, `QUERY /event-types HTTP/1.1\r\n${close}${type}\r\n{}`)).status).toBe(405);
  });

  it("OPTIONS says which a path has, in the words of the server's framework", async () => {
    const test = await testBroker();
    const answer = await test.call({ method: "OPTIONS", path: "/event-types/x" });
    expect([answer.status, answer.headers["allow"], answer.text]).toEqual([200, "GET,HEAD,PUT,DELETE,OPTIONS", ""]);
    expect(answer.headers["content-length"]).toBe("0");
    expect((await test.call({ method: "OPTIONS", path: "/nonsense" })).status).toBe(404);
  });
});

describe("requests that stand still", () => {
  const limits = { requestTimeoutMs: 400 };

  it("a connection that asks for nothing is closed without a word", async () => {
    const { broker } = await testBroker({ limits });
    expect(await text(net.connect(broker.port, "127.0.0.1"))).toBe("");
  });

  it("a connection that was answered and asks for nothing more is not told anything either", async () => {
    const test = await testBroker({ limits });
    const socket = net.connect(test.broker.port, "127.0.0.1");
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "data");
    let more = "";
    socket.on("data", (chunk) => (more += chunk.toString()));
    // Another connection shows that the limit has passed more than once.
    for (let round = 0; round < 3; round++) await text(net.connect(test.broker.port, "127.0.0.1"));
    expect([more, socket.destroyed]).toEqual(["", false]);
    socket.destroy();
  });

  it.each([
    ["a head that does not end", "GET /health HTTP/1.1\r\nHost: x\r\n"],
    ["a body of which nothing more comes", "POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"],
    ["a body in chunks", "POST /event-types HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"],
  ])("%s: 408, and the connection ends", async (_, request) => {
    const answer = await raw(await testBroker({ limits }), request);
    expect(answer.status).toBe(408);
    expect(answer.head).toContain("connection: close");
    expect(answer.head).toMatch(/x-flow-id: \S/);
    expect(JSON.parse(answer.body)).toMatchObject({ title: "Request Timeout", status: 408 });
  });

  it("an upload may take longer than the limit while its bytes come", async () => {
    const test = await testBroker({ limits });
    const path = `/event-types/${await test.eventType()}/events`;
    const events = "[{}]";
    const socket = net.connect(test.broker.port, "127.0.0.1");
    const received = text(socket);
    const length = 20_000;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
    // Each connection that is closed for its silence shows that the limit has passed once more.
    let passed = 0;
    const silent = (async () => {
      for (; passed < 4; passed++) await text(net.connect(test.broker.port, "127.0.0.1"));
    })();
    let sent = 0;
    while (passed < 4 && sent < length - events.length) {
      socket.write(" ");
      sent += 1;
      await test.call({ path: "/health" });
    }
    await silent;
    socket.write(" ".repeat(length - events.length - sent) + events);
    expect(answerOf(await received).status).toBe(200);
  });

  it("what is sent behind an answer is read for a while, and then cut off", async () => {
    const test = await testBroker({ limits: { ...limits, maxBodyBytes: 10 } });
    const socket = net.connect(test.broker.port, "127.0.0.1");
    socket.write("POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("error", () => undefined);
    while (!socket.destroyed) {
      socket.write("x");
      await test.call({ path: "/health" });
    }
    expect(answerOf(received).status).toBe(413);
  });
});
