import { describe, expect, it } from "vitest";
import type { Authorizer, Operation } from "../src/index.ts";
import { type TestBroker, testBroker } from "./test-broker.ts";

const MINIMAL = { owning_application: "test", category: "undefined", schema: { type: "json_schema", schema: "{}" } };
const BUSINESS = { ...MINIMAL, category: "business", enrichment_strategies: ["metadata_enrichment"] };
const ADA = { admins: [user("ada")], readers: [user("ada")], writers: [user("ada")] };

function user(value: string): object {
  return { data_type: "user", value };
}

/** Allows what is not in `denied`. */
function denying(...denied: (Operation | "nakadi")[]): Authorizer {
  return {
    allows: async (_subject, operation, { type }) => !denied.includes(type === "nakadi" ? "nakadi" : operation),
  };
}

async function put(test: TestBroker, name: string, definition: object): Promise<{ status: number; text: string }> {
  const { status, text } = await test.call({
    method: "PUT",
    path: `/event-types/${name}`,
    json: { name, ...definition },
  });
  return { status, text };
}

async function get(test: TestBroker, path: string): Promise<Record<string, unknown>> {
  return (await test.call({ path })).json as Record<string, unknown>;
}

const refused = (detail: string): object => ({
  status: 422,
  text: expect.stringContaining(JSON.stringify(detail).slice(1, -1)),
});

describe("PUT /event-types/{name}", () => {
  it.each<[name: string, before: object, after: object, detail: string]>([
    ["another name", MINIMAL, { ...MINIMAL, name: "other" }, "path does not match resource name"],
    [
      "no audience where there was one",
      { ...MINIMAL, audience: "external-public" },
      MINIMAL,
      "event audience must not be set back to null",
    ],
    [
      "a schema that is none",
      MINIMAL,
      { ...MINIMAL, schema: { type: "json_schema", schema: "[]" } },
      "schema must be a valid json",
    ],
    [
      "no authorization where there was one",
      { ...MINIMAL, authorization: ADA },
      MINIMAL,
      "Changing authorization object to `null` is not possible due to existing one",
    ],
    [
      "the same attribute twice",
      MINIMAL,
      { ...MINIMAL, authorization: { ...ADA, readers: [user("x"), user("x")] } },
      "authorization property 'READ' contains duplicated attribute(s): user:x",
    ],
    [
      "compaction for category undefined",
      MINIMAL,
      { ...MINIMAL, cleanup_policy: "compact" },
      "cleanup_policy 'compact' and 'compact_and_delete' is not available for 'undefined' event type category",
    ],
    [
      "another cleanup policy",
      { ...BUSINESS, cleanup_policy: "compact_and_delete" },
      BUSINESS,
      "Invalid cleanup_policy change: COMPACT_AND_DELETE cannot be changed to DELETE",
    ],
    [
      "statistics where there were none",
      MINIMAL,
      {
        ...MINIMAL,
        default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: 1, write_parallelism: 1 },
      },
      "default statistics must not be changed",
    ],
    [
      "no enrichment any more",
      BUSINESS,
      { ...BUSINESS, enrichment_strategies: [] },
      "changing enrichment_strategies is not allowed",
    ],
    [
      "a hash without fields",
      MINIMAL,
      { ...MINIMAL, partition_strategy: "hash" },
      "partition_key_fields field should be set",
    ],
    [
      "category data",
      MINIMAL,
      { ...BUSINESS, category: "data" },
      "Category change is allowed only from 'undefined' to 'business'. 'enrichment_strategies' should be properly set as well",
    ],
    [
      "category business in mode compatible",
      MINIMAL,
      { ...BUSINESS, compatibility_mode: "compatible" },
      "Category change is allowed only",
    ],
    [
      "a selector with a value of its own",
      MINIMAL,
      { ...MINIMAL, event_owner_selector: { type: "metadata", name: "x", value: "y" } },
      "event_owner_selector specifying value for type 'metadata' is not supported",
    ],
    ["a retention of nothing", MINIMAL, { ...MINIMAL, options: { retention_time: 0 } }, "can not be less than"],
  ])("refuses %s, and nothing changes", async (_name, before, after, detail) => {
    const test = await testBroker();
    const name = await test.eventType(before as { name?: string });
    const stored = await get(test, `/event-types/${name}`);
    expect(await put(test, name, after)).toEqual(refused(detail));
    expect(await get(test, `/event-types/${name}`)).toEqual(stored);
  });

  it("takes what may change, and keeps what is absent", async () => {
    const test = await testBroker();
    const statistic = { messages_per_minute: 1, message_size: 1, read_parallelism: 2, write_parallelism: 2 };
    const name = await test.eventType({ ...MINIMAL, default_statistic: statistic, labels: { a: "1" } });
    const changed = {
      ...BUSINESS,
      owning_application: "another",
      cleanup_policy: "compact_and_delete",
      partition_strategy: "hash",
      partition_key_fields: ["x"],
      authorization: ADA,
      annotations: { b: "2" },
      options: { retention_time: 1 },
      event_owner_selector: { type: "static", name: "x", value: "y" },
    };
    expect(await put(test, name, changed)).toEqual({ status: 200, text: "" });
    expect(await put(test, name, { ...changed, default_statistic: statistic })).toEqual({ status: 200, text: "" });
    expect(await get(test, `/event-types/${name}`)).toMatchObject({
      ...changed,
      default_statistic: statistic,
      labels: { a: "1" },
    });
  });

  it("tells the log of a shorter retention, and of compaction", async () => {
    const test = await testBroker();
    const name = await test.eventType(BUSINESS);
    const event = { metadata: { eid: "7b7c7100-0559-11e6-a837-0800200c9a66", occurred_at: "2026-01-02T03:04:05Z" } };
    expect((await test.publish(name, [event])).status).toBe(200);
    await put(test, name, { ...BUSINESS, cleanup_policy: "compact_and_delete" });
    expect((await test.publish(name, [event])).text).toContain("partition_compaction_key");
    const keyed = { metadata: { ...event.metadata, partition_compaction_key: "k" } };
    expect((await test.publish(name, [keyed])).status).toBe(200);
  });

  it("needs ADMIN and VIEW, and only administrators of the server escape the stricter rules", async () => {
    const stranger = await testBroker({ authorizer: denying("nakadi", "ADMIN") });
    const name = await stranger.eventType(MINIMAL);
    const text = (operation: string): string =>
      JSON.stringify({ title: "Forbidden", status: 403, detail: `Access on ${operation} event-type:${name} denied` });
    expect(await put(stranger, name, MINIMAL)).toEqual({ status: 403, text: text("ADMIN") });

    const owner = await testBroker({ authorizer: denying("nakadi") });
    const own = await owner.eventType({
      ...MINIMAL,
      partition_strategy: "hash",
      partition_key_fields: ["x"],
      event_owner_selector: { type: "static", name: "x", value: "y" },
    });
    const definition = { ...MINIMAL, event_owner_selector: { type: "static", name: "x", value: "y" } };
    expect(await put(owner, own, definition)).toEqual(
      refused("changing partition_strategy is only allowed if the original strategy was 'random'"),
    );
    expect(await put(owner, own, { ...definition, options: { retention_time: 1 } })).toEqual(
      refused('Field "options.retention_time" can not be less than 10800000'),
    );
    expect(await put(owner, own, MINIMAL)).toEqual(refused("event_owner_selector can't be set back to null"));
    expect(
      await put(owner, own, { ...MINIMAL, event_owner_selector: { type: "static", name: "x", value: "z" } }),
    ).toEqual(refused("event_owner_selector must not be changed"));
  });

  it("of many at once lets each count as a whole", async () => {
    const test = await testBroker();
    const name = await test.eventType(MINIMAL);
    const schema = (title: number): object => ({
      schema: { type: "json_schema", schema: JSON.stringify({ title: `${title}` }) },
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => put(test, name, { ...MINIMAL, ...schema(index) })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const { items } = (await get(test, `/event-types/${name}/schemas`)) as { items: { version: string }[] };
    expect(items.map(({ version }) => version)).toEqual(Array.from({ length: 11 }, (_, index) => `1.0.${10 - index}`));
  });
});

describe("schemas", () => {
  it("of a deleted event type are gone with it", async () => {
    const test = await testBroker();
    const name = await test.eventType(MINIMAL);
    await put(test, name, { ...MINIMAL, schema: { type: "json_schema", schema: '{"title":"x"}' } });
    await test.call({ method: "DELETE", path: `/event-types/${name}` });
    await test.eventType({ ...MINIMAL, name });
    expect(await get(test, `/event-types/${name}/schemas`)).toMatchObject({
      items: [{ version: "1.0.0" }],
      _links: {},
    });
  });

  it.each([
    ["limit=0", "'limit' parameter sholud have value between 1 and 1000"],
    ["limit=1001", "'limit' parameter sholud have value between 1 and 1000"],
    ["offset=-1", "'offset' parameter can't be lower than 0"],
    ["limit=x", "Cannot read limit: it must be a whole number from -2147483648 to 2147483647"],
  ])("are not listed with %s", async (query, detail) => {
    const test = await testBroker();
    const path = `/event-types/${await test.eventType()}/schemas?${query}`;
    expect((await test.call({ path })).json).toEqual({ title: "Bad Request", status: 400, detail });
  });

  it("are found by their content; invalid JSON is refused", async () => {
    const test = await testBroker();
    const schema = { type: "json_schema", schema: '{"title":"x","type":"object"}' };
    const path = `/event-types/${await test.eventType({ ...MINIMAL, schema })}/schemas?fetch=true`;
    const fetch = async (text: string) =>
      test.call({ method: "POST", path, json: { type: "json_schema", schema: text } });
    expect((await fetch('{ "type": "object", "title": "x" }')).json).toMatchObject({ ...schema, version: "1.0.0" });
    expect((await fetch("{}")).status).toBe(404);
    for (const text of ["{", "", "[".repeat(100_000)]) expect((await fetch(text)).status).toBe(422);
  });

  it("can be tried out against any version", async () => {
    const test = await testBroker();
    const schema = { type: "json_schema", schema: '{"properties":{"a":{}}}' };
    const name = await test.eventType({ ...MINIMAL, schema });
    const check = async (version: string, text: unknown): Promise<[number, unknown]> => {
      const path = `/event-types/${name}/schemas/${version}/compatibility-check`;
      const { status, json } = await test.call({ method: "POST", path, json: { schema: text } });
      return [status, json];
    };
    const answer = { compatible: true, compatibility_mode: "forward", validated_against_version: "1.0.0" };
    expect(await check("latest", schema.schema)).toEqual([200, answer]);
    expect(await check("1.0.0", "{}")).toEqual([
      200,
      { ...answer, compatible: false, error: "Invalid schema: #/properties/a: schema properties cannot be removed" },
    ]);
    expect(await check("1.0.0", "{")).toMatchObject([422, { detail: expect.stringContaining("valid json") }]);
    expect(await check("2.0.0", "{}")).toMatchObject([404, {}]);
    expect(await check("latest", null)).toMatchObject([400, { title: "Constraint Violation" }]);
  });

  it("once JSON still hold after a change to Avro; never JSON means that no JSON is taken", async () => {
    const test = await testBroker();
    const schema = { type: "json_schema", schema: '{"properties":{"a":{"type":"string"}}}' };
    const avro = { type: "avro_schema", schema: '{"type":"record","name":"r","fields":[]}' };
    const name = await test.eventType({ ...MINIMAL, schema });
    expect(await put(test, name, { ...MINIMAL, schema: avro })).toEqual({ status: 200, text: "" });
    expect(await get(test, `/event-types/${name}/schemas/latest`)).toMatchObject({ ...avro, version: "2.0.0" });
    expect((await test.publish(name, [{ a: "x" }])).status).toBe(200);
    expect((await test.publish(name, [{ a: 1 }])).text).toContain("#/a: expected type: String, found: Integer");
    expect(await put(test, name, { ...MINIMAL, schema })).toEqual(
      refused("Cannot change from avro_schema to json_schema!"),
    );
    const other = await test.eventType({ ...MINIMAL, schema: avro });
    const answer = await test.publish(other, [{ a: "x" }]);
    expect(answer.json).toMatchObject({ status: 404, detail: `No json_schema found for event type: ${other}` });
  });
});

describe("DELETE /event-types/{name}", () => {
  it("takes subscriptions along that may be deleted, or all where the feature says so", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const remove = async (): Promise<number> =>
      (await test.call({ method: "DELETE", path: `/event-types/${name}` })).status;
    await test.subscription([name], { owning_application: "nakadi_archiver", consumer_group: "nakadi_to_s3" });
    const kept = await test.subscription([name]);
    expect(await remove()).toBe(409);
    await test.call({
      method: "POST",
      path: "/settings/features",
      json: { feature: "delete_event_type_with_subscriptions", enabled: true },
    });
    expect(await remove()).toBe(200);
    expect((await test.call({ path: `/subscriptions/${kept}` })).status).toBe(404);
    expect(await get(test, "/subscriptions")).toMatchObject({ items: [] });
  });

  it("succeeds while another request deletes the same subscriptions", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const ids = await Promise.all(Array.from({ length: 5 }, () => test.subscription([name])));
    await test.call({
      method: "POST",
      path: "/settings/features",
      json: { feature: "delete_event_type_with_subscriptions", enabled: true },
    });
    const paths = [`/event-types/${name}`, ...ids.map((id) => `/subscriptions/${id}`)];
    const [answer] = await Promise.all(paths.map((path) => test.call({ method: "DELETE", path })));
    expect([answer?.status, answer?.text]).toEqual([200, ""]);
  });

  it("during a request for the event type's events: a 404, never an internal error", async () => {
    let onRead: (() => Promise<unknown>) | undefined;
    const authorizer: Authorizer = {
      async allows(_subject, operation) {
        if (operation !== "READ") return true;
        const act = onRead;
        onRead = undefined;
        await act?.();
        return true;
      },
    };
    const test = await testBroker({ authorizer });
    const lag = { method: "POST", path: "/cursors-lag", json: [{ partition: "0", offset: "0" }] };
    const shift = { method: "POST", path: "/shifted-cursors", json: [{ partition: "0", offset: "BEGIN" }] };
    for (const { path, ...request } of [{ path: "/partitions/0" }, { path: "/events" }, lag, shift]) {
      const name = await test.eventType();
      onRead = () => test.call({ method: "DELETE", path: `/event-types/${name}` });
      const { status, text } = await test.call({ path: `/event-types/${name}${path}`, ...request });
      expect([status, text]).toEqual([404, expect.stringMatching(/does not exist|topic not found/)]);
    }
  });
});
