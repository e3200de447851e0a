import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import { type TestBroker, testBroker } from "./test-broker.ts";

const detailOf = ({ json }: { json: unknown }): unknown => (json as { detail?: unknown }).detail;
const JSON_TYPE = { "content-type": "application/json" };

describe("Accept", () => {
  it.each([
    ["text/html", 406],
    ["application/json;q=0", 406],
    ["image/png, text/*", 406],
    ["", 200],
    ["*/*", 200],
    ["text/html,*/*;q=0.8", 200],
    ["application/x-json-stream", 406],
    ["application/json;charset=utf-8;q=0.1, text/html", 200],
    ["*", 200],
    ["application/problem+json", 200],
    ["application/*+json", 200],
    ["application/*", 200],
    ["APPLICATION/JSON; charset=utf-8", 200],
  ])("%j on a JSON resource: %i", async (accept, status) => {
    const test = await testBroker();
    const answer = await test.call({ path: "/registry/partition-strategies", headers: { accept } });
    expect([answer.status, answer.headers["content-type"]]).toEqual([
      status,
      status === 200 ? "application/json" : "application/problem+json",
    ]);
  });

  it.each([
    "json",
    "/json",
    "application/",
    "*/json",
    "application/json/x",
    "application/json;q=2",
    "application/js on",
  ])("%j is not a media range: an empty 406, whatever else is accepted", async (accept) => {
    const test = await testBroker();
    for (const path of ["/registry/partition-strategies", "/version", "/subscriptions", "/metrics"]) {
      const answer = await test.call({ path, headers: { accept: `application/json, ${accept}` } });
      expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([406, undefined, ""]);
    }
  });

  it("does not change what problems are", async () => {
    const test = await testBroker();
    for (const accept of ["text/html", "json"]) {
      const answer = await test.call({ path: "/event-types/none", headers: { accept } });
      expect([answer.status, answer.headers["content-type"]]).toEqual([404, "application/problem+json"]);
    }
  });

  it("never keeps a stream from beginning", async () => {
    const test = await testBroker();
    const id = await test.subscription([await test.eventType()]);
    const path = `/subscriptions/${id}/events?batch_flush_timeout=1&stream_timeout=1`;
    for (const accept of ["text/html", "application/json", "application/x-json-stream", "json"])
      expect((await test.call({ path, headers: { accept } })).status).toBe(200);
  });
});

describe("bodies of events", () => {
  const publish = async (test: TestBroker, headers: Record<string, string>, body: Uint8Array | string) =>
    test.call({ method: "POST", path: `/event-types/${await test.eventType()}/events`, headers, body });
  /** `[{"a":1}]`, made by the zstd command. */
  const ZSTD = Buffer.from("28b52ffd24094900005b7b2261223a317d5d08885e21", "hex");

  it.each<[type: string | undefined, status: number]>([
    ["application/avro-binary; charset=utf-8", 415],
    ["application/avro-binary", 415],
    ["application/x-www-form-urlencoded", 400],
    ["text/plain", 200],
    ["application/json; charset=utf-9", 415],
    ['text/plain; charset="nonsense"', 415],
    ["text/plain; charset=latin1", 200],
    ["application/octet-stream", 200],
    [undefined, 200],
  ])("of type %s: %i", async (type, status) => {
    const test = await testBroker();
    const answer = await publish(test, type === undefined ? {} : { "content-type": type }, "[{}]");
    expect(answer.status).toBe(status);
    if (status >= 400) expect(answer.headers["content-type"]).toBe("application/problem+json");
  });

  it("are read as gzip and as zstd, in any letter case; other encodings mean nothing", async () => {
    const test = await testBroker();
    expect((await publish(test, { ...JSON_TYPE, "content-encoding": "GZIP" }, gzipSync("[{}]"))).status).toBe(200);
    expect((await publish(test, { ...JSON_TYPE, "content-encoding": "deflate" }, "[{}]")).status).toBe(200);
    const zstd = await publish(test, { ...JSON_TYPE, "content-encoding": "zstd" }, ZSTD);
    expect([zstd.status, zstd.text]).toEqual([200, ""]);
  });

  it.each([
    ["gzip", "GZIP", undefined],
    ["x-gzip", "GZIP", undefined],
    ["gzip;q=1", "GZIP", undefined],
    ["zstd", "ZSTD", "application/problem+json"],
  ])("that are no %s: a 400 whose content type depends on what notices it", async (encoding, format, type) => {
    const test = await testBroker();
    for (const body of ["[{}]", Buffer.concat([ZSTD.subarray(0, 8), Buffer.from("xxxxxxxx")])]) {
      const answer = await publish(test, { ...JSON_TYPE, "content-encoding": encoding }, body);
      expect([answer.status, answer.headers["content-type"], detailOf(answer)]).toEqual([
        400,
        type,
        `Not in ${format} format`,
      ]);
    }
  });

  it("that grow beyond what a body may be are cut off", async () => {
    const test = await testBroker({ limits: { maxBodyBytes: 1_000 } });
    const body = gzipSync(`[${" ".repeat(100_000)}]`);
    expect((await publish(test, { ...JSON_TYPE, "content-encoding": "gzip" }, body)).status).toBe(413);
  });
});

describe("paths", () => {
  it.each([
    "/event-types/%zz",
    "/event-types/a//b",
    "//event-types",
    "/%ff",
    "/a%2Fb",
    "/event-types/a;b",
    "/a%5cb",
    "/event-types/%2e",
    "/..",
  ])("%s cannot be read: the container's 400", async (path) => {
    const test = await testBroker();
    const answer = await test.call({ path });
    expect([answer.status, answer.headers["content-type"]]).toEqual([400, "application/json"]);
    expect(answer.headers["x-flow-id"]).toMatch(/^[0-9A-Za-z]{24}$/);
    expect(answer.json).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-.*\+00:00$/),
      status: 400,
      error: "Bad Request",
      path,
    });
  });
});

describe("queries", () => {
  it("count by the first of what is repeated, and an empty number is none", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const ask = async (path: string) => (await test.call({ path: `/event-types/${name}${path}` })).status;
    expect(await ask("/partitions/0?consumed_offset=BEGIN&consumed_offset=nonsense")).toBe(200);
    expect(await ask("/partitions/0?consumed_offset=nonsense&consumed_offset=BEGIN")).toBe(422);
    expect(await ask("/schemas?limit=1&limit=x")).toBe(200);
    expect(await ask("/schemas?limit=")).toBe(200);
    expect(await ask("/schemas?limit=x")).toBe(400);
    expect((await test.call({ path: "/event-types?writer=a:b&writer=c" })).json).toEqual([]);
  });

  it.each([
    ["true", 200],
    ["ON", 200],
    ["0", 200],
    ["", 200],
    ["maybe", 400],
  ])("say %j for a flag: %i", async (flag, status) => {
    const test = await testBroker();
    const id = await test.subscription([await test.eventType()]);
    expect((await test.call({ path: `/subscriptions/${id}/stats?show_time_lag=${flag}` })).status).toBe(status);
  });
});

describe("the description of the API", () => {
  it("names each path with its methods and parameters", async () => {
    const test = await testBroker();
    const { status, json } = await test.call({ path: "/api" });
    expect(status).toBe(200);
    const { openapi, paths } = json as { openapi: string; paths: Record<string, Record<string, object>> };
    expect(openapi).toMatch(/^3\./);
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/api", "/health", "/subscriptions/{id}/events"]));
    const operations = paths["/event-types/{name}"] ?? {};
    expect(Object.keys(operations).toSorted((a, b) => a.localeCompare(b))).toEqual(["delete", "get", "put"]);
    expect(operations["get"]).toMatchObject({ parameters: [{ name: "name", in: "path", required: true }] });
  });
});

describe("metrics", () => {
  it.each(["/metrics", "/request-metrics", "/stream-metrics"])(
    "%s has the members that the server's has",
    async (path) => {
      const test = await testBroker();
      const answer = await test.call({ path });
      expect(answer.json).toEqual({
        version: expect.any(String),
        gauges: expect.any(Object),
        counters: expect.any(Object),
        histograms: expect.any(Object),
        meters: expect.any(Object),
        timers: expect.any(Object),
      });
      expect((await test.call({ path: `${path}?pretty=true` })).text).toContain('\n  "gauges": {');
    },
  );
});

describe("GET /event-types/{name}/partitions?cursors=", () => {
  const TWO = {
    default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: 2, write_parallelism: 2 },
  };
  const ask = async (test: TestBroker, cursors: unknown) => {
    const name = await test.eventType({ ...TWO, partition_strategy: "hash", partition_key_fields: ["p"] });
    await test.publish(name, [{ p: "b" }, { p: "b" }]);
    const text = typeof cursors === "string" ? cursors : JSON.stringify(cursors);
    return test.call({ path: `/event-types/${name}/partitions?cursors=${encodeURIComponent(text)}` });
  };

  it("says what is left behind them, after the others", async () => {
    const answer = await ask(await testBroker(), [{ partition: "0", offset: "BEGIN" }]);
    expect(answer.json).toMatchObject([
      { partition: "1" },
      { partition: "0", unconsumed_events: 2, newest_available_offset: "001-0001-000000000000000001" },
    ]);
  });

  it.each<[cursors: unknown, detail: string]>([
    ["[", "malformed cursors"],
    ["{}", "malformed cursors"],
    ["[1]", "malformed cursors"],
    [[{ offset: "0" }], "partition must not be null"],
    [[{ partition: "0" }], "offset must not be null"],
    [[{ partition: "9", offset: "0" }], "invalid consumed_offset or partition"],
    [[{ partition: "0", offset: "x" }], "invalid offset x for partition 0"],
    [
      [
        { partition: "0", offset: "BEGIN" },
        { partition: "0", offset: "0" },
      ],
      "duplicate partition ids provided in cursors",
    ],
  ])("%j: 422 %s", async (cursors, detail) => {
    const answer = await ask(await testBroker(), cursors);
    expect([answer.status, detailOf(answer)]).toEqual([422, detail]);
  });
});

describe("targeted events", () => {
  it("are seen by one subscription, by no other and by no low-level stream", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const [target, other] = [await test.subscription([name]), await test.subscription([name])];
    const path = `/event-types/${name}/events`;
    const headers = { ...JSON_TYPE, "x-consumer-tag": `consumer_subscription_id=${target.toUpperCase()}` };
    expect((await test.call({ method: "POST", path, headers, body: '[{"n":1}]' })).status).toBe(200);
    await test.publish(name, [{ n: 2 }]);
    const parameters = { batch_limit: 1, max_uncommitted_events: 10 };
    const streams = [await test.open(target, parameters), await test.open(other, parameters)];
    expect((await streams[0]?.nextEvents())?.events).toEqual([{ n: 1 }]);
    expect((await streams[1]?.nextEvents())?.events).toEqual([{ n: 2 }]);
    for (const stream of streams) stream.close();
    const cursors = JSON.stringify([{ partition: "0", offset: "BEGIN" }]);
    const lowLevel = await test.call({ path: `${path}?stream_limit=1`, headers: { "x-nakadi-cursors": cursors } });
    expect(JSON.parse(lowLevel.text)).toMatchObject({ events: [{ n: 2 }] });
  });

  it("of a header that cannot be read are refused before anything else", async () => {
    const test = await testBroker();
    const answer = await test.call({
      method: "POST",
      path: "/event-types/none/events",
      headers: { ...JSON_TYPE, "x-consumer-tag": "x" },
      body: "{",
    });
    expect([answer.status, detailOf(answer)]).toEqual([
      422,
      "header tag parameter is imbalanced, expected: 2 but provided 1",
    ]);
  });
});

describe("permissions", () => {
  type Asked = [operation: string, type: string];
  /** Allows everything except the operation that a test denies. */
  function denyingOne(): { authorizer: Authorizer; deny: (asked: Asked | undefined) => void } {
    let denied: Asked | undefined;
    return {
      authorizer: {
        allows: async (_subject, operation, { type }) =>
          denied === undefined || operation !== denied[0] || type !== denied[1],
      },
      deny: (asked) => (denied = asked),
    };
  }

  it("each request asks for what the protocol says", async () => {
    const { authorizer, deny } = denyingOne();
    const test = await testBroker({ authorizer });
    const name = await test.eventType();
    const id = await test.subscription([name]);
    const cursor = { partition: "0", offset: "BEGIN", event_type: name, cursor_token: "x" };
    const subscription = `/subscriptions/${id}`;
    const requests: [denied: Asked, method: string, path: string, json?: unknown][] = [
      [["VIEW", "event-type"], "GET", `/event-types/${name}`],
      [["VIEW", "event-type"], "DELETE", `/event-types/${name}`],
      [["ADMIN", "event-type"], "DELETE", `/event-types/${name}`],
      [["WRITE", "event-type"], "POST", `/event-types/${name}/events`, [{}]],
      [["WRITE", "event-type"], "POST", `/event-types/${name}/deleted-events`, []],
      [["READ", "event-type"], "GET", `/event-types/${name}/events`],
      [["VIEW", "event-type"], "GET", `/event-types/${name}/schemas`],
      [["VIEW", "event-type"], "GET", `/event-types/${name}/schemas/latest`],
      [["ADMIN", "event-type"], "POST", `/event-types/${name}/schemas`, { type: "json_schema", schema: "{}" }],
      [["VIEW", "event-type"], "GET", `/event-types/${name}/partitions`],
      [["READ", "event-type"], "GET", `/event-types/${name}/partitions/0`],
      [["VIEW", "event-type"], "POST", `/event-types/${name}/cursor-distances`, []],
      [["READ", "event-type"], "POST", `/event-types/${name}/shifted-cursors`, []],
      [["READ", "event-type"], "POST", `/event-types/${name}/cursors-lag`, []],
      [["VIEW", "event-type"], "POST", "/subscriptions", { owning_application: "new", event_types: [name] }],
      [["VIEW", "subscription"], "GET", subscription],
      [["ADMIN", "subscription"], "PUT", subscription, {}],
      [["ADMIN", "subscription"], "DELETE", subscription],
      [["VIEW", "subscription"], "GET", `${subscription}/stats`],
      [["VIEW", "subscription"], "GET", `${subscription}/cursors`],
      [["ADMIN", "subscription"], "PATCH", `${subscription}/cursors`, { items: [] }],
      [["READ", "subscription"], "POST", `${subscription}/cursors`, { items: [cursor] }],
      [["READ", "subscription"], "GET", `${subscription}/events`],
      [["READ", "event-type"], "GET", `${subscription}/events`],
    ];
    for (const [denied, method, path, json] of requests) {
      deny(denied);
      const headers = { "x-nakadi-streamid": "7b7c7100-0559-11e6-a837-0800200c9a66" };
      const answer = await test.call({ method, path, headers, ...(json === undefined ? {} : { json }) });
      const [operation, type] = denied;
      const on = type === "event-type" ? name : id;
      expect([method, path, answer.status, detailOf(answer)]).toEqual([
        method,
        path,
        403,
        `Access on ${operation} ${type}:${on} denied`,
      ]);
    }
    deny(["ADMIN", "nakadi"]);
    const operations = [
      ["POST", `/event-types/${name}/timelines`, { storage_id: "default" }],
      ["PUT", `/event-types/${name}/partition-count`, { partition_count: 2 }],
    ] as const;
    for (const [method, path, json] of operations) expect((await test.call({ method, path, json })).status).toBe(403);
    deny(undefined);
    expect((await test.call({ path: `/event-types/${name}` })).status).toBe(200);
  });
});
