/** Values that are of the right shape, or nearly, and mean nothing. */
import { describe, expect, it } from "vitest";
import { testBroker } from "./test-broker.ts";

const detailOf = ({ json }: { json: unknown }): unknown => (json as { detail?: unknown }).detail;
const JSON_TYPE = { "content-type": "application/json" };

describe("null in the place of an array of cursors", () => {
  it.each(["cursor-distances", "shifted-cursors", "cursors-lag"])("%s: 400", async (path) => {
    const test = await testBroker();
    const name = await test.eventType();
    for (const body of ["null", " null ", "{}", "5"]) {
      const request = { method: "POST", path: `/event-types/${name}/${path}`, headers: JSON_TYPE, body };
      expect((await test.call(request)).status).toBe(400);
    }
    const none = await test.call({ method: "POST", path: `/event-types/${name}/${path}`, json: [] });
    expect([none.status, none.json]).toEqual([200, []]);
  });

  it("in a query and in a header: 400", async () => {
    const test = await testBroker();
    const path = `/event-types/${await test.eventType()}`;
    expect((await test.call({ path: `${path}/partitions?cursors=null` })).status).toBe(400);
    const headers = { "x-nakadi-cursors": "null" };
    expect((await test.call({ path: `${path}/events`, headers })).status).toBe(400);
  });

  it("in a commit and in a reset: 400 for a body, 422 for its member", async () => {
    const test = await testBroker();
    const path = `/subscriptions/${await test.subscription([await test.eventType()])}/cursors`;
    const headers = { ...JSON_TYPE, "x-nakadi-streamid": "7b7c7100-0559-11e6-a837-0800200c9a66" };
    for (const method of ["POST", "PATCH"]) {
      expect((await test.call({ method, path, headers, body: "null" })).status).toBe(400);
      expect((await test.call({ method, path, headers, body: '{"items":null}' })).status).toBe(422);
    }
  });
});

it("one partition twice in X-Nakadi-Cursors is refused, however its offsets are written", async () => {
  const test = await testBroker();
  const name = await test.eventType();
  const cursors = [
    { partition: "0", offset: "BEGIN" },
    { partition: "0", offset: "001-0001--1" },
  ];
  const headers = { "x-nakadi-cursors": JSON.stringify(cursors) };
  const answer = await test.call({ path: `/event-types/${name}/events`, headers });
  expect([answer.status, detailOf(answer)]).toEqual([412, "duplicate partition ids provided in cursors"]);
});

it.each(["begin", "end", "cursors"])("initial cursors that lack members: 422 with read_from %s", async (read_from) => {
  const test = await testBroker();
  const name = await test.eventType();
  const ask = (initial_cursors: unknown) =>
    test.call({
      method: "POST",
      path: "/subscriptions",
      json: { owning_application: "a", event_types: [name], read_from, initial_cursors },
    });
  const lacking = await ask([{ event_type: name, partition: "0", offset: "BEGIN" }, {}]);
  expect([lacking.status, detailOf(lacking)]).toEqual([
    422,
    ["event_type", "partition", "offset"]
      .map((member) => `Field "initial_cursors[1].${member}" must not be null\n`)
      .join(""),
  ]);
  expect((await ask([null])).status).toBe(400);
});

it("offsets and limits of lists are whole numbers of 31 bits", async () => {
  const test = await testBroker();
  const name = await test.eventType();
  const schemas = `/event-types/${name}/schemas`;
  for (const path of ["/subscriptions", schemas]) {
    const status = async (query: string): Promise<number> => (await test.call({ path: `${path}?${query}` })).status;
    expect(await status("offset=2147483647")).toBe(200);
    expect(await status("offset=2147483648")).toBe(400);
    expect(await status("limit=2147483648")).toBe(400);
    expect(await status("limit=0x10&offset=%2B1")).toBe(200);
  }
});

it("a stream's limit beyond 64 bits is a 400, in a query and in a body", async () => {
  const test = await testBroker();
  const path = `/subscriptions/${await test.subscription([await test.eventType()])}/events`;
  expect((await test.call({ path: `${path}?stream_limit=9223372036854775808` })).status).toBe(400);
  const body = '{"stream_limit":10000000000000000000}';
  expect((await test.call({ method: "POST", path, headers: JSON_TYPE, body })).status).toBe(400);
});

it("a compatibility check names its members in the order of the server", async () => {
  const test = await testBroker();
  const schema = { type: "json_schema", schema: '{"properties":{"a":{}}}' };
  const name = await test.eventType({ schema, compatibility_mode: "compatible" });
  const path = `/event-types/${name}/schemas/latest/compatibility-check`;
  const { json } = await test.call({ method: "POST", path, json: { schema: "{}" } });
  const members = ["compatible", "compatibility_mode", "error", "validated_against_version"];
  expect(Object.keys(json as object)).toEqual(members);
});
