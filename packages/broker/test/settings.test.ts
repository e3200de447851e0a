import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import { manualBroker, type TestBroker, testBroker } from "./test-broker.ts";

async function block(test: TestBroker, type: string, name: string, method = "PUT"): Promise<number> {
  const headers = { "content-type": "application/json" };
  return (await test.call({ method, path: `/settings/blacklist/${type}/${name}`, headers })).status;
}

async function toggle(test: TestBroker, feature: string, enabled: boolean): Promise<number> {
  return (await test.call({ method: "POST", path: "/settings/features", json: { feature, enabled } })).status;
}

const detailOf = ({ json }: { json: unknown }): unknown => (json as { detail?: unknown }).detail;

describe("the blacklist", () => {
  it("shows its entries, takes each once, and forgets it once", async () => {
    const test = await testBroker();
    const shown = async (): Promise<unknown> => (await test.call({ path: "/settings/blacklist" })).json;
    const empty = { consumers: { event_types: [], apps: [] }, producers: { event_types: [], apps: [] } };
    expect(await shown()).toEqual(empty);
    for (const type of ["CONSUMER_ET", "CONSUMER_APP", "PRODUCER_ET", "PRODUCER_APP"]) {
      expect([await block(test, type, "a:b"), await block(test, type, "a:b")]).toEqual([204, 204]);
    }
    const full = { event_types: ["a:b"], apps: ["a:b"] };
    expect(await shown()).toEqual({ consumers: full, producers: full });
    expect([
      await block(test, "CONSUMER_ET", "a:b", "DELETE"),
      await block(test, "CONSUMER_ET", "a:b", "DELETE"),
    ]).toEqual([204, 204]);
    expect(await shown()).toEqual({ consumers: { ...full, event_types: [] }, producers: full });
  });

  it.each(["producer_et", "PRODUCER", "__proto__"])("knows no type %s", async (type) => {
    const test = await testBroker();
    expect([await block(test, type, "x"), await block(test, type, "x", "DELETE")]).toEqual([400, 400]);
  });

  it.each(["PRODUCER_ET", "PRODUCER_APP"])("%s keeps producers away, before their body is read", async (type) => {
    const test = await testBroker();
    const name = await test.eventType();
    await block(test, type, type === "PRODUCER_ET" ? name : "unauthenticated");
    for (const path of ["events", "deleted-events"]) {
      const answer = await test.call({ method: "POST", path: `/event-types/${name}/${path}`, body: "{" });
      expect([answer.status, detailOf(answer)]).toEqual([403, "Application or event type is blocked"]);
    }
  });

  it.each(["CONSUMER_ET", "CONSUMER_APP"])("%s ends streams and keeps consumers away", async (type) => {
    const test = await manualBroker();
    const [name, other] = [await test.eventType(), await test.eventType()];
    const blocked = type === "CONSUMER_ET" ? other : "unauthenticated";
    const id = await test.subscription([name, other]);
    const stream = await test.open(id);
    const lowLevel = await test.openLowLevel(other);
    const unconcerned = await test.openLowLevel(name);
    await block(test, type, blocked);
    expect(await stream.rest()).toEqual([{ cursor: expect.anything(), info: { debug: "Consumption is blocked" } }]);
    expect(await lowLevel.rest()).toEqual([]);
    if (type === "CONSUMER_APP") expect(await unconcerned.rest()).toEqual([]);
    unconcerned.close();

    for (const path of [`/subscriptions/${id}/events`, `/event-types/${other}/events`]) {
      const answer = await test.call({ path });
      expect([answer.status, detailOf(answer)]).toEqual([403, "Application or event type is blocked"]);
    }
    const cursor = { partition: "0", offset: "001-0001--1", event_type: name, cursor_token: "x" };
    const answers = [
      await test.call({ path: `/subscriptions/${id}/cursors` }),
      await test.call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items: [] } }),
      await test.commit(id, stream.id, [cursor]),
    ];
    for (const answer of answers)
      expect([answer.status, detailOf(answer)]).toEqual([403, "Application or subscription is blocked"]);
    await block(test, type, blocked, "DELETE");
    (await test.open(id)).close();
  });
});

describe("features", () => {
  it("are off until they are switched on, and known by name", async () => {
    const test = await testBroker();
    const listed = async (): Promise<{ feature: string; enabled: boolean }[]> =>
      ((await test.call({ path: "/settings/features" })).json as { items: { feature: string; enabled: boolean }[] })
        .items;
    expect((await listed()).filter(({ enabled }) => enabled)).toEqual([]);
    expect(await listed()).toHaveLength(21);
    expect(await toggle(test, "repartitioning", true)).toBe(204);
    expect((await listed()).filter(({ enabled }) => enabled)).toEqual([{ feature: "repartitioning", enabled: true }]);
    expect(await toggle(test, "repartitioning", false)).toBe(204);
    expect(await toggle(test, "levitation", true)).toBe(400);
    const unnamed = await test.call({ method: "POST", path: "/settings/features", json: { enabled: true } });
    expect(unnamed.json).toMatchObject({
      status: 400,
      violations: [{ field: "feature", message: "must not be null" }],
    });
  });

  it("disable_db_write_operations: what is stored stays as it is, events and positions go on", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const definition = {
      name,
      owning_application: "x",
      category: "undefined",
      schema: { type: "json_schema", schema: "{}" },
    };
    const id = await test.subscription([name], { owning_application: "x" });
    await toggle(test, "disable_db_write_operations", true);
    const subscription = { owning_application: "x", event_types: [name], read_from: "begin" };
    const refused: [method: string, path: string, json?: unknown][] = [
      ["POST", "/event-types", { ...definition, name: "another" }],
      ["PUT", `/event-types/${name}`, definition],
      ["DELETE", `/event-types/${name}`],
      ["POST", "/storages", { id: "a", storage_type: "kafka", kafka_configuration: {} }],
      ["DELETE", "/storages/a"],
      ["PUT", "/storages/default/a"],
      ["POST", "/settings/admins", { admins: [{ data_type: "a", value: "b" }] }],
    ];
    for (const [method, path, json] of refused) {
      const answer = await test.call({ method, path, ...(json === undefined ? {} : { json }) });
      expect([method, path, answer.status, detailOf(answer)]).toEqual([
        method,
        path,
        503,
        "Database is currently in read-only mode",
      ]);
    }
    expect((await test.publish(name, [{}])).status).toBe(200);
    expect((await test.call({ method: "POST", path: "/subscriptions", json: subscription })).json).toMatchObject({
      id,
    });
    const schema = { type: "json_schema", schema: '{"title":"x"}' };
    expect((await test.call({ method: "POST", path: `/event-types/${name}/schemas`, json: schema })).status).toBe(200);
    await toggle(test, "disable_db_write_operations", false);
    expect(
      (await test.call({ method: "PUT", path: `/event-types/${name}`, json: { ...definition, schema } })).status,
    ).toBe(200);
  });

  it("others switch what the protocol says", async () => {
    const test = await testBroker();
    const name = await test.eventType();
    const json = {
      name,
      owning_application: "x",
      category: "undefined",
      schema: { type: "json_schema", schema: "{}" },
    };
    const create = (): ReturnType<TestBroker["call"]> =>
      test.call({ method: "POST", path: "/event-types", json: { ...json, name: `${name}.x` } });
    await toggle(test, "disable_event_type_creation", true);
    expect(await create()).toMatchObject({ status: 501 });
    await toggle(test, "disable_event_type_creation", false);
    await toggle(test, "force_event_type_authz", true);
    expect(detailOf(await create())).toBe("Authorization section is mandatory");
    expect(detailOf(await test.call({ method: "PUT", path: `/event-types/${name}`, json }))).toBe(
      "Authorization section is mandatory",
    );
    await toggle(test, "force_event_type_authz", false);
    const id = await test.subscription([name]);
    await toggle(test, "force_subscription_authz", true);
    const subscription = (await test.call({ path: `/subscriptions/${id}` })).json as object;
    const written: [method: string, path: string, json: object][] = [
      ["POST", "/subscriptions", { ...subscription, consumer_group: "new" }],
      ["PUT", `/subscriptions/${id}`, subscription],
    ];
    for (const [method, path, body] of written) {
      expect(detailOf(await test.call({ method, path, json: body }))).toBe("Authorization section is mandatory");
    }
    await toggle(test, "force_subscription_authz", false);
    await toggle(test, "disable_subscription_creation", true);
    const refused = await test.call({
      method: "POST",
      path: "/subscriptions",
      json: { ...subscription, consumer_group: "new" },
    });
    expect([refused.status, detailOf(refused)]).toEqual([503, "Subscription creation is temporarily unavailable"]);
    expect(await test.call({ method: "POST", path: "/subscriptions", json: subscription })).toMatchObject({
      status: 200,
    });
    await toggle(test, "disable_subscription_creation", false);
    await test.call({ method: "POST", path: "/subscriptions", json: { ...subscription, consumer_group: "second" } });
    await toggle(test, "token_subscriptions_iteration", true);
    const links = async (query: string): Promise<unknown> =>
      ((await test.call({ path: `/subscriptions?${query}` })).json as { _links: unknown })._links;
    expect(await links("limit=1")).toEqual({
      next: { href: expect.stringMatching(/^\/subscriptions\?token=W[0-9a-f-]{36}&limit=1$/) },
    });
    expect(await links("limit=1&offset=1")).toMatchObject({ prev: { href: "/subscriptions?offset=0&limit=1" } });
    await toggle(test, "return_body_on_create_update_event_type", true);
    expect((await create()).json).toMatchObject({ name: `${name}.x`, compatibility_mode: "forward" });
    expect((await test.call({ method: "PUT", path: `/event-types/${name}`, json })).json).toMatchObject({ name });
  });
});

describe("administrators", () => {
  const path = "/settings/admins";
  const lists = (name: string): object => {
    const list = [{ data_type: "user", value: name }];
    return { admins: list, readers: list, writers: list };
  };

  it("are replaced, but for the configured ones", async () => {
    const test = await testBroker();
    const before = (await test.call({ path })).json as { admins: unknown[] };
    const answer = await test.call({ method: "POST", path, json: lists("ada") });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    const after = (await test.call({ path })).json as { admins: unknown[] };
    expect(after.admins).toEqual([...before.admins, { data_type: "user", value: "ada" }]);
    // What is shown may be sent back.
    expect((await test.call({ method: "POST", path, json: after })).status).toBe(200);
    expect((await test.call({ path })).json).toEqual(after);
  });

  it.each<[body: object, field: string]>([
    [{ ...lists("ada"), readers: [] }, "readers"],
    [{ ...lists("ada"), writers: null }, "writers"],
    [{ ...lists("ada"), admins: [{ data_type: "user" }] }, "admins[0].value"],
  ])("%j: 422 for %s", async (json, field) => {
    const test = await testBroker();
    const answer = await test.call({ method: "POST", path, json });
    expect([answer.status, detailOf(answer)]).toEqual([422, expect.stringContaining(`Field "${field}" `)]);
  });
});

describe("storages", () => {
  const kafka = (id: string): object => ({
    id,
    storage_type: "kafka",
    kafka_configuration: { zookeeper_connection: {} },
  });

  it("are listed, created, made the default, and removed", async () => {
    const test = await testBroker();
    const call = async (method: string, path: string, json?: object): Promise<number> =>
      (await test.call({ method, path, ...(json && { json }) })).status;
    expect((await test.call({ path: "/storages" })).json).toMatchObject([{ id: "default", default: true }]);
    expect(await call("POST", "/storages", kafka("s2"))).toBe(201);
    expect(await call("POST", "/storages", kafka("s2"))).toBe(409);
    expect(await call("POST", "/storages", { ...kafka("s3"), storage_type: "paper" })).toBe(422);
    expect((await test.call({ method: "PUT", path: "/storages/default/s2" })).json).toMatchObject({
      id: "s2",
      default: true,
    });
    expect((await test.call({ path: "/storages" })).json).toMatchObject([
      { id: "default", default: false },
      { id: "s2", default: true },
    ]);
    expect(await call("DELETE", "/storages/s2")).toBe(403);
    expect(await call("PUT", "/storages/default/default")).toBe(200);
    expect(await call("DELETE", "/storages/s2")).toBe(204);
    expect([await call("GET", "/storages/s2"), await call("DELETE", "/storages/s2")]).toEqual([404, 404]);
    expect(await call("PUT", "/storages/default/s2")).toBe(404);
    expect(await call("DELETE", "/storages/default")).toBe(403);
  });
});

it("settings are for administrators", async () => {
  const authorizer: Authorizer = { allows: async (_subject, _operation, { type }) => type !== "nakadi" };
  const test = await testBroker({ authorizer });
  for (const path of ["/settings/blacklist", "/settings/features", "/settings/admins"]) {
    const answer = await test.call({ path });
    expect([answer.status, detailOf(answer)]).toEqual([403, "Admin privileges are required to perform this operation"]);
  }
  expect(await block(test, "PRODUCER_ET", "x")).toBe(403);
  expect(await toggle(test, "repartitioning", true)).toBe(403);
  expect(detailOf(await test.call({ path: "/storages" }))).toBe("Admin privileges required to perform this operation");
});
