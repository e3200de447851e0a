/** What programs compare to the byte: rules that the real server's acceptance tests pin, beyond the recordings. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { LineStream } from "./http-client.ts";
import { hashed, manualBroker, type TestBroker, testBroker } from "./test-broker.ts";

const MINIMAL = { owning_application: "test", category: "undefined", schema: { type: "json_schema", schema: "{}" } };
const BUSINESS = { ...MINIMAL, category: "business", enrichment_strategies: ["metadata_enrichment"] };
const METADATA = { eid: "7b7c7100-0559-11e6-a837-0800200c9a66", occurred_at: "2020-01-02T03:04:05Z" };

const send = (test: TestBroker, method: string, path: string, json?: unknown) =>
  test.call({ method, path, ...(json === undefined ? {} : { json }) });

describe("problems", () => {
  it("have the title, status and detail of the acceptance tests, and nothing else", async () => {
    const test = await testBroker();
    const users = [{ data_type: "user", value: "ada" }];
    const name = await test.eventType({ authorization: { admins: users, readers: users, writers: users } });
    const { status, text, headers } = await send(test, "PUT", `/event-types/${name}`, { ...MINIMAL, name });
    expect([status, headers["content-type"], text]).toEqual([
      422,
      "application/problem+json",
      '{"title":"Unprocessable Entity","status":422,"detail":"Changing authorization object to `null` is not possible due to existing one"}',
    ]);
  });

  it("of bodies that break rules name each member with a path, one line each", async () => {
    const test = await testBroker();
    const json = { ...MINIMAL, name: "x".repeat(256), annotations: { "": "v" }, labels: { "": "v" }, schema: {} };
    const { status, text, headers } = await send(test, "POST", "/event-types", json);
    expect([status, headers["content-type"]]).toEqual([422, "application/problem+json"]);
    expect(text).toContain('Field \\"annotations[]\\" Key cannot be empty\\n');
    expect(text).toContain('Field \\"labels[]\\" Key name should start and end with a letter or a digit\\n');
    expect(text).toContain('Field \\"name\\" the length of the name must be >= 1 and <= 255\\n');
    expect(text).toContain('Field \\"schema.schema\\" must not be null\\n');
    expect(JSON.parse(text)).toMatchObject({ type: "http://httpstatus.es/422", title: "Unprocessable Entity" });
  });

  it.each([
    ["cursor-distances", [{ initial_cursor: { partition: "0", offset: "0" } }], "list[0].final_cursor"],
    ["shifted-cursors", [{ partition: "0", offset: "0" }, { offset: "0" }], "list[1].partition"],
    ["cursors-lag", [{ partition: "0" }], "list[0].offset"],
    ["schemas", { type: "json_schema" }, "schema"],
  ])("of %s without a member are constraint violations with status 400", async (path, json, field) => {
    const test = await testBroker();
    const { status, json: problem } = await send(test, "POST", `/event-types/${await test.eventType()}/${path}`, json);
    expect([status, problem]).toEqual([
      400,
      {
        type: "https://zalando.github.io/problem/constraint-violation",
        title: "Constraint Violation",
        status: 400,
        violations: [{ field, message: "must not be null" }],
      },
    ]);
  });

  it.each([
    ["application/x.problem+json", "application/x.problem+json"],
    ["application/x.problem+json, application/json", "application/problem+json"],
    ["application/json", "application/problem+json"],
    ["text/html", "application/problem+json"],
  ])("for a client that accepts %s are %s", async (accept, type) => {
    const test = await testBroker();
    const answer = await test.call({ path: "/event-types/none", headers: { accept } });
    expect([answer.status, answer.headers["content-type"]]).toEqual([404, type]);
  });

  it.each(["GET", "PUT", "DELETE", "PATCH"])("%s takes no content encoding, whatever it is", async (method) => {
    const test = await testBroker();
    const path = `/event-types/${await test.eventType()}`;
    const answer = await test.call({ method, path, headers: { "content-encoding": "identity" } });
    expect([answer.status, answer.headers["content-type"], answer.json]).toEqual([
      406,
      undefined,
      { title: "Not Acceptable", status: 406, detail: `${method} method doesn't support gzip content encoding` },
    ]);
  });
});

describe("event types", () => {
  it("are created and changed with empty bodies, a length of zero and a warning", async () => {
    const test = await testBroker();
    const json = { ...BUSINESS, name: "a.b.ps", cleanup_policy: "compact" };
    const created = await send(test, "POST", "/event-types", json);
    const changed = await send(test, "PUT", "/event-types/a.b.ps", json);
    const other = await send(test, "POST", "/event-types", { ...MINIMAL, name: "c" });
    for (const [answer, status] of [
      [created, 201],
      [changed, 200],
      [other, 201],
    ] as const) {
      const { headers } = answer;
      expect([answer.status, answer.text, headers["content-length"], headers["content-type"]]).toEqual([
        status,
        "",
        "0",
        undefined,
      ]);
      expect(headers.location).toBeUndefined();
    }
    expect(created.headers["warning"]).toBe('299 nakadi "Data access warning. Compaction warning"');
    expect(other.headers["warning"]).toBe('299 nakadi "Data access warning"');
    expect((await test.call({ path: "/event-types/a.b.ps" })).json).toMatchObject({ name: "a.b.ps" });
    const again = await send(test, "POST", "/event-types", json);
    expect([again.status, again.json]).toMatchObject([409, { detail: "EventType a.b.ps already exists." }]);
  });

  it("are listed by name, those of the server among them, as a plain array", async () => {
    const test = await testBroker();
    for (const name of ["z", "a", "m"]) await test.eventType({ name });
    const listed = (await test.call({ path: "/event-types" })).json as { name: string; owning_application: string }[];
    const names = listed.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining(["a", "m", "z", "nakadi.dead.letter.queue", "nakadi.access.log"]));
    expect(listed.find(({ name }) => name === "nakadi.audit.log")?.owning_application).toBe("stups_nakadi");
  });

  it("that do not exist are named in the detail of each answer", async () => {
    const test = await testBroker();
    for (const path of ["", "/partitions", "/partitions/0", "/schemas", "/schemas/latest", "/timelines"]) {
      const { status, json } = await test.call({ path: `/event-types/none${path}` });
      expect([path, status, json]).toEqual([
        path,
        404,
        { title: "Not Found", status: 404, detail: 'EventType "none" does not exist.' },
      ]);
    }
  });

  it("are deleted with 200 and no body, unless a subscription stands in the way", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const id = await test.subscription([name]);
    const refused = await send(test, "DELETE", `/event-types/${name}`);
    expect([refused.status, refused.json]).toMatchObject([
      409,
      { detail: `Can't remove event type ${name}, as it has subscriptions` },
    ]);
    await send(test, "DELETE", `/subscriptions/${id}`);
    const deleted = await send(test, "DELETE", `/event-types/${name}`);
    expect([deleted.status, deleted.text]).toEqual([200, ""]);
  });

  it("page through their schemas with links, but for a page without any", async () => {
    const test = await testBroker();
    const name = await test.eventType({ compatibility_mode: "none" });
    for (const title of ["b", "c"])
      await send(test, "POST", `/event-types/${name}/schemas`, { type: "json_schema", schema: `{"title":"${title}"}` });
    const page = async (offset: number, limit: number) => {
      const path = `/event-types/${name}/schemas?offset=${offset}&limit=${limit}`;
      const { items, _links } = (await test.call({ path })).json as { items: { version: string }[]; _links: unknown };
      return [items.map(({ version }) => version), _links];
    };
    const href = (offset: number, limit: number) => ({
      href: `/event-types/${name}/schemas?offset=${offset}&limit=${limit}`,
    });
    expect(await page(0, 1)).toEqual([["1.0.2"], { next: href(1, 1) }]);
    expect(await page(1, 1)).toEqual([["1.0.1"], { prev: href(0, 1), next: href(2, 1) }]);
    expect(await page(1, 2)).toEqual([["1.0.1", "1.0.0"], { prev: href(0, 2) }]);
    expect(await page(9, 2)).toEqual([[], {}]);
  });
});

describe("partitions and cursors", () => {
  it("are shown as the acceptance tests want them", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const path = `/event-types/${name}/partitions`;
    const EMPTY =
      '{"oldest_available_offset":"001-0001-000000000000000000","newest_available_offset":"001-0001--1","partition":"0"}';
    expect((await test.call({ path })).text).toBe(`[${EMPTY}]`);
    await test.publish(name, [{}, {}]);
    expect((await test.call({ path: `${path}/0?consumed_offset=BEGIN` })).text).toBe(
      '{"oldest_available_offset":"001-0001-000000000000000000","newest_available_offset":"001-0001-000000000000000001","partition":"0","unconsumed_events":2}',
    );
    const unknown = await test.call({ path: `${path}/1` });
    expect([unknown.status, unknown.json]).toMatchObject([404, { detail: "partition not found" }]);
  });

  it("lag behind the newest event, over empty timelines that follow it", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const lag = async (offset: string) =>
      (await send(test, "POST", `/event-types/${name}/cursors-lag`, [{ partition: "0", offset }])).json;
    const empty = { partition: "0", oldest_available_offset: "001-0001-000000000000000000" };
    expect(await lag("BEGIN")).toEqual([{ ...empty, newest_available_offset: "001-0001--1", unconsumed_events: 0 }]);
    await test.publish(name, [{}, {}]);
    for (const order of [2, 3]) {
      expect((await send(test, "POST", `/event-types/${name}/timelines`, { storage_id: "default" })).status).toBe(201);
      expect(await lag(`001-000${order}--1`)).toMatchObject([
        { newest_available_offset: "001-0001-000000000000000001", unconsumed_events: 0 },
      ]);
    }
    expect(await lag("0")).toMatchObject([{ unconsumed_events: 1 }]);
  });

  it.each<[name: string, path: string, body: unknown, detail: string]>([
    ["unreadable offsets", "cursors-lag", [{ partition: "0", offset: "x" }], "problem converting cursors"],
    ["unknown timelines", "shifted-cursors", [{ partition: "0", offset: "001-0009--1" }], "problem converting cursors"],
    ["unknown partitions", "cursors-lag", [{ partition: "7", offset: "0" }], "Partition not found."],
    ["unknown partitions at BEGIN", "cursors-lag", [{ partition: "7", offset: "BEGIN" }], "problem converting cursors"],
    [
      "a place before the first timeline",
      "shifted-cursors",
      [{ partition: "0", offset: "BEGIN", shift: -1 }],
      "Timeline not found. It might happen in case the cursor refers to a timeline that has already expired.",
    ],
    [
      "two partitions in a pair",
      "cursor-distances",
      [{ initial_cursor: { partition: "0", offset: "0" }, final_cursor: { partition: "1", offset: "0" } }],
      "Cursors with different partition. Pairs of cursors should have matching partitions.",
    ],
  ])("cannot be computed with %s", async (_name, path, json, detail) => {
    const test = await testBroker();
    const answer = await send(test, "POST", `/event-types/${await test.eventType(hashed(2))}/${path}`, json);
    expect(answer.json).toEqual({ title: "Unprocessable Entity", status: 422, detail });
  });
});

describe("publishing", () => {
  it("answers each item in order: one failed, those before it validated, those behind it not looked at", async () => {
    const test = await testBroker();
    const name = await test.eventType({ ...BUSINESS, schema: { type: "json_schema", schema: '{"required":["foo"]}' } });
    const good = { metadata: METADATA, foo: 1 };
    const { status, text, headers } = await test.publish(name, [good, { metadata: METADATA }, good]);
    const item = (publishing: string, detail: string, step: string): string =>
      `{"publishing_status":"${publishing}","detail":"${detail}","step":"${step}","eid":"${METADATA.eid}","partition":null}`;
    expect([status, headers["content-type"], text]).toEqual([
      422,
      "application/json",
      `[${[
        item("aborted", "", "validating"),
        item("failed", "#: required key [foo] not found", "validating"),
        item("aborted", "", "none"),
      ].join()}]`,
    ]);
  });

  it("takes bodies in gzip, and says nothing when all is stored", async () => {
    const test = await testBroker();
    const path = `/event-types/${await test.eventType()}/events`;
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const { status, text } = await test.call({ method: "POST", path, headers, body: gzipSync("[{}]") });
    expect([status, text]).toEqual([200, ""]);
  });

  it.each(["compact", "compact_and_delete"])(
    "to an event type that is %s needs a key, of a text that is not empty",
    async (cleanup_policy) => {
      const test = await testBroker();
      const name = await test.eventType({ ...BUSINESS, cleanup_policy });
      const publish = async (more: object) => {
        const { status, text } = await test.publish(name, [{ metadata: { ...METADATA, ...more } }]);
        return status === 200 ? "" : (JSON.parse(text) as { detail: string }[])[0]?.detail;
      };
      expect(await publish({})).toBe("#/metadata: required key [partition_compaction_key] not found");
      expect(await publish({ partition_compaction_key: "" })).toBe(
        "#/metadata/partition_compaction_key: expected minLength: 1, actual: 0",
      );
      expect(await publish({ partition_compaction_key: "k" })).toBe("");
    },
  );
});

describe("a low-level stream", () => {
  it("that holds more than it may sends what it has, before its batch is full or its time has come", async () => {
    const test = await manualBroker({ profile: "acceptance" });
    const name = await test.eventType();
    const path = `/event-types/${name}/events?batch_limit=10&batch_flush_timeout=30&stream_timeout=60`;
    const stream = await LineStream.open(test.broker.url, { path });
    expect(stream.headers["warning"]).toMatch(/^299 - nakadi - the Low-level API is deprecated/);
    await test.publish(name, [{ n: 1, text: "x".repeat(6_000) }]);
    await test.publish(name, [{ n: 2, text: "x".repeat(6_000) }]);
    const seen: unknown[] = [];
    while (seen.length < 2) seen.push(...((await stream.nextEvents()).events ?? []));
    expect(seen).toMatchObject([{ n: 1 }, { n: 2 }]);
    stream.close();
  });
});

describe("storages", () => {
  it("are where new event types and timelines say they are", async () => {
    const test = await testBroker();
    const storage = { id: "s2", storage_type: "kafka", kafka_configuration: { zookeeper_connection: {} } };
    expect((await send(test, "POST", "/storages", storage)).status).toBe(201);
    expect((await send(test, "PUT", "/storages/default/s2")).status).toBe(200);
    const name = await test.eventType();
    const path = `/event-types/${name}/timelines`;
    expect((await send(test, "POST", path, { storage_id: "default" })).status).toBe(201);
    expect((await send(test, "POST", path, { storage_id: "s3" })).status).toBe(422);
    expect((await test.call({ path })).json).toMatchObject([{ storage_id: "s2" }, { storage_id: "default" }]);
    await send(test, "PUT", "/storages/default/default");
    expect((await send(test, "DELETE", "/storages/s2")).status).toBe(403);
    await send(test, "DELETE", `/event-types/${name}`);
    expect((await send(test, "DELETE", "/storages/s2")).status).toBe(204);
  });
});
