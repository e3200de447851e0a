import { describe, expect, it } from "vitest";
import type { NakadiClient } from "../src/index.ts";
import { cursor, eventType, schema, service, subscription, testClient } from "./admin-client.ts";

const { name } = eventType;

describe("lists", () => {
  const page = (ids: readonly number[], more: boolean): { status: number; body: string } => ({
    status: 200,
    body: JSON.stringify({ items: ids.map((id) => ({ id })), _links: more ? { next: { href: "/x" } } : {} }),
  });
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, id) => id);
  const idsOf = async (list: AsyncIterable<unknown>): Promise<number[]> => {
    const ids: number[] = [];
    for await (const one of list) ids.push((one as { id: number }).id);
    return ids;
  };

  it.each([
    ["subscriptions, of a server that knows no tokens,", (n: NakadiClient) => n.subscriptions.list(), "/subscriptions"],
    ["schemas", (n: NakadiClient) => n.schemas.list("e"), "/event-types/e/schemas"],
  ])("GO15: of %s go on beyond the first page, to the end", async (_what, list, path) => {
    const { nakadi, transport } = testClient();
    const all = numbers(250);
    transport.onRequest = (request) => {
      const { searchParams } = new URL(request.path, "http://x");
      const [offset, limit] = ["offset", "limit"].map((one) => Number(searchParams.get(one))) as [number, number];
      return page(all.slice(offset, offset + limit), offset + limit <= all.length);
    };
    expect(await idsOf(list(nakadi))).toEqual(all);
    const first = path === "/subscriptions" ? "token=new" : "offset=0";
    expect(transport.requests.map((one) => one.path)).toEqual(
      [first, "offset=100", "offset=200"].map((place) => `${path}?${place}&limit=100`),
    );
  });

  it("of subscriptions go from token to token: a deletion between two pages hides nothing", async () => {
    const { nakadi, transport } = testClient();
    let all = numbers(250);
    transport.onRequest = ({ path }) => {
      const token = new URL(path, "http://x").searchParams.get("token") ?? "";
      const from = token === "new" ? 0 : Number(token.slice(1)) + 1;
      const rest = all.filter((id) => id >= from);
      const items = rest.slice(0, 100);
      all = all.filter((id) => id % 10 !== 0);
      const next = { href: `/subscriptions?reader=a b:c&token=F${items.at(-1)}&limit=100` };
      const body = { items: items.map((id) => ({ id })), _links: rest.length > 100 ? { next } : {} };
      return { status: 200, body: JSON.stringify(body) };
    };
    const ids = await idsOf(nakadi.subscriptions.list());
    expect(ids.filter((id) => id % 10 !== 0)).toEqual(numbers(250).filter((id) => id % 10 !== 0));
    expect(transport.requests.map((one) => one.path)).toEqual(
      ["new", "F99", "F211"].map((token) => `/subscriptions?token=${token}&limit=100`),
    );
  });

  it("whose next page is the same again are an error, and no endless loop", async () => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => ({
      status: 200,
      body: JSON.stringify({ items: [{ id: 1 }], _links: { next: { href: "/subscriptions?token=F1" } } }),
    });
    await expect(idsOf(nakadi.subscriptions.list())).rejects.toMatchObject({ code: "PROTOCOL" });
    expect(transport.requests).toHaveLength(2);
  });

  it("go on where a server makes its pages smaller, and end where it says that there is more and there is nothing", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer(page([0, 1], true), page([2], true), page([], true));
    expect(await idsOf(nakadi.subscriptions.list())).toEqual([0, 1, 2]);
    expect(transport.requests.map(({ path }) => /(?:offset|token)=\w+/.exec(path)?.[0])).toEqual([
      "token=new",
      "offset=2",
      "offset=3",
    ]);
  });

  it("of a server that names no links end with a page that is not full", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer(
      { status: 200, body: JSON.stringify({ items: numbers(100).map((id) => ({ id })) }) },
      { status: 200, body: '{"items":[{"id":100}]}' },
    );
    expect(await idsOf(nakadi.subscriptions.list())).toEqual(numbers(101));
  });

  it("ask only for the pages that are read", async () => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => page(numbers(100), true);
    for await (const one of nakadi.subscriptions.list()) if (one.id) break;
    expect(transport.requests).toHaveLength(1);
  });

  it("take what is wanted into the query", async () => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => page([], false);
    await idsOf(
      nakadi.subscriptions.list({
        owningApplication: "o",
        eventTypes: ["a", "b"],
        reader: service,
        status: true,
      }),
    );
    expect(transport.requests[0]?.path).toBe(
      "/subscriptions?owning_application=o&event_type=a&event_type=b&reader=service%3Ax&show_status=true&token=new&limit=100",
    );
  });

  it.each(["{}", "null", '{"items":7}'])("an answer of %s is refused, because it is not a list", async (body) => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => ({ status: 200, body });
    await expect(idsOf(nakadi.subscriptions.list())).rejects.toMatchObject({ code: "PROTOCOL" });
    await expect(nakadi.eventTypes.list().toArray()).rejects.toMatchObject({ code: "PROTOCOL" });
  });

  it("an attribute with a colon is refused before anything is sent", () => {
    const { nakadi, transport } = testClient();
    const reader = { data_type: "a:b", value: "c" };
    expect(() => nakadi.subscriptions.list({ reader })).toThrow(expect.objectContaining({ path: "options.reader" }));
    expect(transport.requests).toEqual([]);
  });

  it("partitions come in the order of their numbers", async () => {
    const { nakadi, transport } = testClient();
    const names = ["10", "2", "0", "1"];
    transport.willAnswer({ status: 200, body: JSON.stringify(names.map((one) => ({ partition: one }))) });
    expect((await nakadi.eventTypes.partitions("e")).map((one) => one.partition)).toEqual(["0", "1", "2", "10"]);
  });
});

describe("GO15: unknown members survive get, change, put", () => {
  const unknown = { "x-new": { deep: [1, null, "ü"] }, flag: false };

  it("of an event type", async () => {
    const { nakadi, transport } = testClient();
    const known = { ...eventType, audience: "company-internal", ...unknown };
    transport.willAnswer({ status: 200, body: JSON.stringify(known) });
    const got = await nakadi.eventTypes.get(name);
    await nakadi.eventTypes.update({ ...got, owning_application: "other" });
    expect(JSON.parse(String(transport.requests[1]?.body))).toEqual({ ...known, owning_application: "other" });
  });

  it("of a subscription", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 200, body: JSON.stringify({ ...subscription, ...unknown }) });
    const got = await nakadi.subscriptions.get("s");
    await nakadi.subscriptions.update({ ...got, annotations: { a: "b" } });
    expect(JSON.parse(String(transport.requests[1]?.body))).toEqual({
      ...subscription,
      ...unknown,
      annotations: { a: "b" },
    });
  });
});

describe("cursor operations", () => {
  it("of nothing send nothing", async () => {
    const { nakadi, transport } = testClient();
    expect(await nakadi.eventTypes.distances(name, [])).toEqual([]);
    expect(await nakadi.eventTypes.shift(name, [])).toEqual([]);
    expect(await nakadi.eventTypes.lag(name, [])).toEqual([]);
    expect(transport.requests).toEqual([]);
  });

  it("an answer that leaves a cursor out is an error", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 200, body: "[]" });
    await expect(nakadi.eventTypes.lag(name, [cursor])).rejects.toMatchObject({ code: "PROTOCOL" });
  });

  it("a cursor without an offset is refused before anything is sent", async () => {
    const { nakadi, transport } = testClient();
    const bad = { partition: "0" } as typeof cursor;
    await expect(nakadi.eventTypes.lag(name, [bad])).rejects.toMatchObject({ code: "CONFIG", path: "cursor.offset" });
    expect(transport.requests).toEqual([]);
  });
});

describe("finding a schema", () => {
  it("says nothing where there is none, and rejects where the event type is none", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 404 }, { status: 200, body: JSON.stringify(schema) });
    expect(await nakadi.schemas.find(name, schema)).toBeUndefined();
    transport.onRequest = () => ({ status: 404 });
    await expect(nakadi.schemas.find(name, schema)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

it("health is text", async () => {
  const { nakadi, transport } = testClient();
  transport.willAnswer({ status: 200, body: "OK" });
  expect([await nakadi.server.health(), transport.requests[0]?.path]).toEqual(["OK", "/health"]);
});

it("a partition count that is none is refused before anything is sent", async () => {
  const { nakadi, transport } = testClient();
  for (const count of [0, 1.5, Number.NaN, "3" as unknown as number, undefined as unknown as number]) {
    await expect(nakadi.eventTypes.setPartitionCount(name, count)).rejects.toMatchObject({ path: "count" });
  }
  expect(transport.requests).toEqual([]);
});
