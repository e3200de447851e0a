import { once } from "node:events";
import net from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { testBroker, type TestBroker } from "./test-broker.ts";

/** The broker still works: an event goes in. */
async function expectAlive({ eventType, publish }: TestBroker): Promise<void> {
  expect((await publish(await eventType(), [{ alive: true }])).status).toBe(200);
}

describe("bodies of events", () => {
  const refused: [name: string, body: string | Uint8Array][] = [
    ["no JSON", "hello"],
    ["no array", '{"a":1}'],
    ["nothing", ""],
    ["only white space", "  \n "],
    ["an array of numbers", "[1,2]"],
    ["an object without its end", '[{"a":1'],
    ["duplicate keys", '[{"a":1,"a":2}]'],
    ["objects nested 10,000 deep", `[${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}]`],
    ["arrays nested 10,000 deep", `[{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}]`],
    ["invalid UTF-8", Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}]')])],
  ];
  it.each(refused)("%s: 400, and nothing is stored", async (_name, body) => {
    const test = await testBroker();
    const name = await test.eventType();
    const headers = { "content-type": "application/json" };
    const answer = await test.call({ method: "POST", path: `/event-types/${name}/events`, headers, body });
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.json).toMatchObject({ title: "Bad Request", status: 400, detail: expect.any(String) });
    expect((await test.call({ path: `/event-types/${name}/partitions/0` })).json).toMatchObject({
      newest_available_offset: "001-0001--1",
    });
    await expectAlive(test);
  });

  it("too large an event: 422 for that event, and nothing is stored", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const answer = await test.publish(name, [{ a: 1 }, { text: "x".repeat(999_001) }]);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject([
      { publishing_status: "aborted", step: "validating" },
      { publishing_status: "failed", step: "validating", detail: expect.stringContaining("Event too large") },
    ]);
    await expectAlive(test);
  });

  it("a storage's configuration that is too deep: 422", async () => {
    const test = await testBroker();
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    const body = `{"id":"s","storage_type":"kafka","kafka_configuration":${deep}}`;
    const headers = { "content-type": "application/json" };
    expect((await test.call({ method: "POST", path: "/storages", headers, body })).status).toBe(422);
    expect((await test.call({ path: "/storages" })).json).toHaveLength(1);
  });

  it("too large a body: 413", async () => {
    const test = await testBroker({ limits: { maxBodyBytes: 10_000 } });
    const answer = await test.publish(await test.eventType(), [{ text: "x".repeat(20_000) }]);
    expect([answer.status, answer.headers["content-type"]]).toEqual([413, "application/problem+json"]);
    await expectAlive(test);
  });

  it.each([
    ["with a declared length", "Content-Length: 30000000\r\n\r\n", ""],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n1c9c380\r\n", "\r\n0\r\n\r\n"],
  ])(
    "a body that is far too large, %s: a client that sends all before it reads gets the 413",
    async (_, head, tail) => {
      const test = await testBroker({ limits: { maxBodyBytes: 10_000 } });
      const path = `/event-types/${await test.eventType()}/events`;
      const socket = net.connect(test.broker.port, "127.0.0.1").pause();
      const failed = once(socket, "error").then(([error]) => Promise.reject(error as Error));
      const send = (text: string): Promise<unknown> => new Promise((sent) => socket.write(text, sent));
      const exchange = async (): Promise<string> => {
        await send(`POST ${path} HTTP/1.1\r\nHost: x\r\n${head}`);
        for (let part = 0; part < 30; part++) await send("x".repeat(1_000_000));
        await send(`${tail}GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        return text(socket);
      };
      const answers = await Promise.race([exchange(), failed]);
      expect(answers).toMatch(/^HTTP\/1\.1 413 .*HTTP\/1\.1 200 .*OK$/s);
    },
  );

  it("a body that never ends is cut off, and nothing else waits for it", async () => {
    const test = await testBroker({ limits: { requestTimeoutMs: 1_000 } });
    const name = await test.eventType();
    const socket = net.connect(test.broker.port, "127.0.0.1");
    socket.write(`POST /event-types/${name}/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n[`);
    const answer = new Promise<string>((resolve, reject) => {
      let text = "";
      socket
        .on("data", (chunk) => (text += chunk.toString()))
        .on("close", () => resolve(text))
        .on("error", reject);
    });
    await expectAlive(test);
    expect(await answer).toContain("408");
  });

  it("a body whose sender leaves in the middle changes nothing", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const socket = net.connect(test.broker.port, "127.0.0.1");
    await new Promise<void>((resolve) => {
      socket.write(`POST /event-types/${name}/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n[{}]`, () =>
        resolve(),
      );
    });
    socket.destroy();
    await expectAlive(test);
    expect((await test.call({ path: `/event-types/${name}/partitions/0` })).json).toMatchObject({
      newest_available_offset: "001-0001--1",
    });
  });
});

describe("typed bodies", () => {
  const bodies: [body: string, type: string | undefined, status: number][] = [
    ["{", "application/json", 400],
    ["[]", "application/json", 400],
    ["null", "application/json", 400],
    ["", "application/json", 400],
    ["{}", "application/json", 422],
    ["{}", "text/plain", 415],
    ["{}", "application/json; charset=utf-9", 415],
    ["{}", undefined, 415],
  ];
  it.each(bodies)("%j as %s to /event-types and /subscriptions: %i", async (body, type, status) => {
    const test = await testBroker();
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    for (const path of ["/event-types", "/subscriptions"]) {
      const answer = await test.call({ method: "POST", path, headers, body });
      expect([path, answer.status, answer.headers["content-type"]]).toEqual([path, status, "application/problem+json"]);
    }
  });
});

it.each([
  ["text/plain", "text/plain;charset=UTF-8"],
  ["text/plain; charset=latin1", "text/plain; charset=latin1"],
  [undefined, "application/octet-stream"],
])("the content type %s is refused in the words of the recording", async (type, said) => {
  const { call } = await testBroker();
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  const { json } = await call({ method: "POST", path: "/event-types", headers, body: "{}" });
  expect(json).toMatchObject({ status: 415, detail: `Content type '${said}' not supported` });
});

describe("unknown things", () => {
  const unknown: [method: string, path: string, status: number][] = [
    ["GET", "/event-types/none", 404],
    ["DELETE", "/event-types/none", 404],
    ["GET", "/event-types/none/partitions", 404],
    ["GET", "/event-types/none/events", 404],
    ["GET", "/subscriptions/none", 404],
    ["DELETE", "/subscriptions/none", 404],
    ["GET", "/subscriptions/none/stats", 404],
    ["GET", "/subscriptions/none/cursors", 404],
    ["GET", "/subscriptions/none/events", 404],
  ];
  it.each(unknown)("%s %s: %i as a problem", async (method, path, status) => {
    const { call } = await testBroker();
    const answer = await call({ method, path });
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/problem+json"]);
    expect(answer.headers["x-flow-id"]).toMatch(/^[0-9A-Za-z]{24}$/);
  });

  it("unknown paths and empty segments get the container's error", async () => {
    const { call } = await testBroker();
    const nowhere = await call({ path: "/nonsense" });
    expect([nowhere.status, nowhere.headers["content-type"]]).toEqual([404, "application/json"]);
    expect(nowhere.json).toEqual({
      timestamp: expect.stringMatching(/\+00:00$/),
      status: 404,
      error: "Not Found",
      path: "/nonsense",
    });
    expect((await call({ path: "//" })).status).toBe(400);
    expect((await call({ path: "/subscriptions//events" })).status).toBe(400);
  });

  it("methods that a path does not have get 405 and the ones it has", async () => {
    const { call } = await testBroker();
    const answer = await call({ method: "DELETE", path: "/event-types" });
    expect([answer.status, answer.headers["allow"], answer.json]).toEqual([
      405,
      "GET,POST",
      { title: "Method Not Allowed", status: 405, detail: "Request method 'DELETE' not supported" },
    ]);
    for (const method of ["TRACE", "PROPFIND"]) {
      const { status, headers } = await call({ method, path: "/event-types/x" });
      expect([status, headers["allow"]]).toEqual([405, "GET,PUT,DELETE"]);
      expect((await call({ method, path: "/nonsense" })).status).toBe(404);
    }
  });

  it("a HEAD gets the head of what a GET gets, and opens no stream", async () => {
    const { call, eventType, subscription } = await testBroker();
    const name = await eventType();
    const id = await subscription([name]);
    for (const path of ["/health", `/event-types/${name}`, `/subscriptions/${id}`, "/event-types/none"]) {
      const got = await call({ path });
      const head = await call({ method: "HEAD", path });
      const facts = ({ status, headers }: typeof got) => [status, headers["content-type"], headers["content-length"]];
      expect([facts(head), head.text]).toEqual([facts(got), ""]);
    }
    for (const path of [`/subscriptions/${id}/events`, `/event-types/${name}/events`])
      expect((await call({ method: "HEAD", path })).status).toBe(405);
  });

  it("a path may be written as a whole address", async () => {
    const { broker, call } = await testBroker();
    expect(await call({ path: `${broker.url}/health` })).toMatchObject({ status: 200, text: "OK" });
    expect((await call({ path: `${broker.url}//health` })).status).toBe(400);
    expect((await call({ path: `${broker.url}/nonsense` })).json).toMatchObject({ status: 404, path: "/nonsense" });
  });

  it("forgives one slash at the end, and echoes the flow id", async () => {
    const { call } = await testBroker();
    const answer = await call({ path: "/event-types/", headers: { "x-flow-id": "mine" } });
    expect([answer.status, answer.headers["content-type"], answer.headers["x-flow-id"]]).toEqual([
      200,
      "application/json",
      "mine",
    ]);
  });

  it("takes names of 255 characters, dots and encoded characters in paths", async () => {
    const { call, eventType } = await testBroker();
    const name = await eventType({ name: `a.${"b".repeat(253)}` });
    expect((await call({ path: `/event-types/${name}` })).status).toBe(200);
    expect((await call({ path: `/event-types/${"%C3%BC".repeat(300)}` })).status).toBe(404);
    expect((await call({ path: "/event-types/%E0%A4%A" })).status).toBe(400);
  });
});
