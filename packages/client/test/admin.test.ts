import { getEventListeners } from "node:events";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import type { NakadiClient } from "../src/index.ts";
import {
  cursor,
  eventType,
  ownedByService,
  schema,
  service,
  storage,
  subscription,
  testClient,
} from "./admin-client.ts";
import type { Answer } from "./scripted-transport.ts";

type Call = [
  request: string,
  call: (nakadi: NakadiClient) => Promise<unknown>,
  body: unknown,
  answer: unknown,
  result: unknown,
];

/** An answer of the server that the method hands over as it is. */
const same = (request: string, call: Call[1], answer: unknown, body?: unknown): Call => [
  request,
  call,
  body,
  answer,
  answer,
];
/** A method that only says whether it worked. */
const done = (request: string, call: Call[1], body?: unknown): Call => [request, call, body, undefined, undefined];

const { name } = eventType;
const distance = { initial_cursor: cursor, final_cursor: cursor, distance: 0 };
const partition = { partition: "0", oldest_available_offset: "o", newest_available_offset: "n" };

const CALLS: Call[] = [
  done("POST /event-types", (n) => n.eventTypes.create(eventType), eventType),
  same("GET /event-types/a.b", (n) => n.eventTypes.get(name), eventType),
  same("GET /event-types", (n) => n.eventTypes.list().toArray(), [eventType]),
  same(
    "GET /event-types?owning_application=a%26b&writer=service%3Ax",
    (n) => n.eventTypes.list({ owningApplication: "a&b", writer: service }).toArray(),
    [],
  ),
  done("PUT /event-types/a.b", (n) => n.eventTypes.update(eventType), eventType),
  done("DELETE /event-types/a.b", (n) => n.eventTypes.delete(name)),
  same("GET /event-types/a.b/partitions", (n) => n.eventTypes.partitions(name), [partition]),
  same(
    `GET /event-types/a.b/partitions?cursors=${encodeURIComponent(JSON.stringify([cursor]))}`,
    (n) => n.eventTypes.partitions(name, { cursors: [{ ...cursor, event_type: "e" } as typeof cursor] }),
    [{ ...partition, unconsumed_events: 3 }],
  ),
  same("GET /event-types/a.b/partitions/0", (n) => n.eventTypes.partition(name, "0"), partition),
  same(
    "GET /event-types/a.b/partitions/0?consumed_offset=BEGIN",
    (n) => n.eventTypes.partition(name, "0", { consumedOffset: "BEGIN" }),
    partition,
  ),
  done("PUT /event-types/a.b/partition-count", (n) => n.eventTypes.setPartitionCount(name, 3), { partition_count: 3 }),
  same(
    "POST /event-types/a.b/cursor-distances",
    (n) => n.eventTypes.distances(name, [distance]),
    [distance],
    [{ initial_cursor: cursor, final_cursor: cursor }],
  ),
  same(
    "POST /event-types/a.b/shifted-cursors",
    (n) => n.eventTypes.shift(name, [{ ...cursor, shift: -2 }, cursor]),
    [cursor, cursor],
    [
      { ...cursor, shift: -2 },
      { ...cursor, shift: 0 },
    ],
  ),
  same(
    "POST /event-types/a.b/cursors-lag",
    (n) => n.eventTypes.lag(name, [cursor]),
    [{ ...partition, unconsumed_events: 2 }],
    [cursor],
  ),
  same("GET /event-types/a.b/schemas/latest", (n) => n.schemas.get(name), schema),
  same("GET /event-types/a.b/schemas/1.0.0", (n) => n.schemas.get(name, "1.0.0"), schema),
  done("POST /event-types/a.b/schemas", (n) => n.schemas.add(name, schema), schema),
  same("POST /event-types/a.b/schemas?fetch=true", (n) => n.schemas.find(name, schema), schema, schema),
  same(
    "POST /event-types/a.b/schemas/latest/compatibility-check",
    (n) => n.schemas.checkCompatibility(name, "{}"),
    { compatible: true, compatibility_mode: "none", validated_against_version: "1.0.0" },
    { schema: "{}" },
  ),
  same("GET /event-types/a.b/timelines", (n) => n.timelines.list(name).toArray(), []),
  done("POST /event-types/a.b/timelines", (n) => n.timelines.create(name, "main"), { storage_id: "main" }),
  same("POST /subscriptions", (n) => n.subscriptions.create(subscription), subscription, subscription),
  same("GET /subscriptions/s", (n) => n.subscriptions.get("s"), subscription),
  done("PUT /subscriptions/s", (n) => n.subscriptions.update(subscription), subscription),
  done("DELETE /subscriptions/s", (n) => n.subscriptions.delete("s")),
  ["GET /subscriptions/s/cursors", (n) => n.subscriptions.cursors("s"), undefined, { items: [cursor] }, [cursor]],
  ["GET /subscriptions/s/stats", (n) => n.subscriptions.stats("s"), undefined, { items: [] }, []],
  [
    "GET /subscriptions/s/stats?show_time_lag=true",
    (n) => n.subscriptions.stats("s", { timeLag: true }),
    undefined,
    { items: [] },
    [],
  ],
  same("GET /settings/blacklist", (n) => n.settings.blacklist(), { consumers: {}, producers: {} }),
  done("PUT /settings/blacklist/CONSUMER_ET/a.b", (n) => n.settings.block("CONSUMER_ET", "a.b")),
  done("DELETE /settings/blacklist/PRODUCER_APP/x%2Fy", (n) => n.settings.unblock("PRODUCER_APP", "x/y")),
  ["GET /settings/features", (n) => n.settings.features(), undefined, { items: [] }, []],
  done("POST /settings/features", (n) => n.settings.setFeature("kpi_collection", true), {
    feature: "kpi_collection",
    enabled: true,
  }),
  same("GET /settings/admins", (n) => n.settings.admins(), ownedByService),
  done("POST /settings/admins", (n) => n.settings.setAdmins(ownedByService), ownedByService),
  same("GET /storages", (n) => n.storages.list().toArray(), [storage]),
  same("GET /storages/main", (n) => n.storages.get("main"), storage),
  done("POST /storages", (n) => n.storages.create(storage), storage),
  done("DELETE /storages/main", (n) => n.storages.delete("main")),
  done("PUT /storages/default/main", (n) => n.storages.setDefault("main")),
  same("GET /version", (n) => n.server.version(), { scm_source: null }),
  same("GET /metrics", (n) => n.server.metrics(), { version: "1" }),
  same("GET /request-metrics", (n) => n.server.requestMetrics(), { version: "1" }),
  same("GET /stream-metrics", (n) => n.server.streamMetrics(), { version: "1" }),
  same("GET /api", (n) => n.server.api(), { openapi: "3.0.0" }),
  same("GET /registry/partition-strategies", (n) => n.server.partitionStrategies(), ["hash"]),
  same("GET /registry/enrichment-strategies", (n) => n.server.enrichmentStrategies(), ["metadata_enrichment"]),
];

describe.each(CALLS)("%s", (request, call, body, answer, result) => {
  it("is sent as the protocol has it, and answered as the server does", async () => {
    const { nakadi, transport } = testClient();
    transport.willAnswer({ status: 200, ...(answer === undefined ? {} : { body: JSON.stringify(answer) }) });
    expect(await call(nakadi)).toEqual(result);
    const [sent, ...more] = transport.requests;
    expect(`${sent?.method} ${sent?.path}`).toBe(request);
    expect(sent?.body === undefined ? undefined : (JSON.parse(String(sent.body)) as unknown)).toEqual(body);
    expect(more).toEqual([]);
  });

  it.each([
    [400, "HTTP"],
    [401, "UNAUTHORIZED"],
    [403, "FORBIDDEN"],
    [422, "HTTP"],
    [501, "HTTP"],
  ])("%i is an error with what the server says: %s", async (status, code) => {
    const { nakadi, transport } = testClient();
    transport.onRequest = () => ({ status, body: '{"title":"No","detail":"because"}' });
    await expect(call(nakadi)).rejects.toMatchObject({ code, status, problem: { detail: "because" } });
  });

  it("404 and 409 are errors as well", async () => {
    const { nakadi, transport } = testClient();
    for (const status of [404, 409]) {
      transport.onRequest = () => ({ status });
      await expect(call(nakadi)).rejects.toMatchObject({ status });
    }
  });
});

describe("what only asks", () => {
  const asking = CALLS.filter(([request, , , answer]) => answer !== undefined && request !== "POST /subscriptions");

  it("is asked again a moment later, by the client's clock, when the server has a problem of its own", async () => {
    await Promise.all(
      asking.map(async ([, call, , answer, result]) => {
        const clock = new ManualClock();
        const { nakadi, transport } = testClient({ clock });
        transport.willAnswer({ status: 503 }, { status: 200, body: JSON.stringify(answer) });
        const asked = call(nakadi);
        await expect.poll(() => clock.pending).toBe(1);
        clock.advance(199);
        expect(transport.requests).toHaveLength(1);
        clock.advance(1);
        expect([await asked, clock.pending]).toEqual([result, 0]);
      }),
    );
  });

  it("is repeated when the server asks for it, unless the wait would be long", async () => {
    const clock = new ManualClock();
    const { nakadi, transport } = testClient({ clock });
    const later = (seconds: number): Answer => ({ status: 429, headers: { "retry-after": String(seconds) } });
    transport.willAnswer(later(3), { status: 200, body: '{"id":"s"}' }, later(60));
    const asked = nakadi.subscriptions.get("s");
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(2_999);
    expect(transport.requests).toHaveLength(1);
    clock.advance(1);
    expect(await asked).toEqual({ id: "s" });
    await expect(nakadi.subscriptions.get("s")).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 });
    expect([transport.requests.length, clock.pending]).toEqual([3, 0]);
  });

  it("is not asked again once its signal is aborted: the reason comes at once, and no timer stays", async () => {
    const clock = new ManualClock();
    const { nakadi, transport } = testClient({ clock });
    transport.onRequest = () => ({ status: 503 });
    const abort = new AbortController();
    const asked = nakadi.eventTypes.get("e", { signal: abort.signal }).catch((reason: unknown) => reason);
    await expect.poll(() => clock.pending).toBe(1);
    abort.abort("enough");
    expect([await asked, clock.pending, getEventListeners(abort.signal, "abort")]).toEqual(["enough", 0, []]);
  });

  it("is an error where the answer is not JSON", async () => {
    await Promise.all(
      asking.map(async ([, call]) => {
        const { nakadi, transport } = testClient();
        transport.onRequest = () => ({ status: 200, body: "<html>" });
        await expect(call(nakadi)).rejects.toMatchObject({ code: "PROTOCOL" });
      }),
    );
  });
});

describe("what changes something", () => {
  it.each(CALLS.filter(([, , , answer]) => answer === undefined))(
    "%s is not sent again: it may have been done",
    async (_request, call) => {
      const { nakadi, transport } = testClient();
      transport.willAnswer({ status: 503 });
      await expect(call(nakadi)).rejects.toMatchObject({ code: "SERVER" });
      expect(transport.requests).toHaveLength(1);
    },
  );
});
