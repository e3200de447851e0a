import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LineStream } from "./http-client.ts";
import { manualBroker, type TestBroker, testBroker } from "./test-broker.ts";

const HASH = createHash("sha256").update("unauthenticated").digest("hex");
const APPLICATION = { app: "unauthenticated", app_hashed: HASH };
const MINIMAL = { owning_application: "test", category: "undefined", schema: { type: "json_schema", schema: "{}" } };

interface Watch {
  /** The next event of the type, whatever it is, but for those about the watch itself. */
  next(): Promise<Record<string, unknown>>;
}

/** What an event type of the broker's own gets from now on. */
async function watch(test: TestBroker, eventType: string): Promise<Watch> {
  const subscription = await test.subscription([eventType], { read_from: "end" });
  const stream: LineStream = await test.open(subscription, { max_uncommitted_events: 1_000 });
  return {
    async next() {
      for (;;) {
        const { events } = (await stream.nextEvents()) as { events: Record<string, unknown>[] };
        const [event = {}] = events;
        if (!JSON.stringify(event).includes(subscription)) return event;
      }
    },
  };
}

/** The first one that fits: the broker tells about what the test does to look, too. */
async function first(stream: Watch, fits: Record<string, unknown>): Promise<Record<string, unknown>> {
  for (;;) {
    const event = await stream.next();
    if (Object.entries(fits).every(([name, value]) => event[name] === value)) return event;
  }
}

function metadataOf(eventType: string): unknown {
  const [text, at] = [expect.any(String), expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)];
  const fixed = { event_type: eventType, partition: "0", version: "1.0.0", published_by: "unauthenticated" };
  return { ...fixed, eid: text, flow_id: text, occurred_at: at, received_at: at };
}

async function switchTo(test: TestBroker, feature: string, enabled: boolean): Promise<void> {
  const answer = await test.call({ method: "POST", path: "/settings/features", json: { feature, enabled } });
  expect(answer.status).toBe(204);
}

describe("with kpi_collection on", () => {
  it("each request is in the access log", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.access.log");
    const headers = { "user-agent": "test/1", "accept-encoding": "identity" };
    await test.call({ path: "/event-types?owning_application=unknown&x=?", headers });
    const event = await first(stream, { path: "/event-types" });
    expect(event).toEqual({
      method: "GET",
      path: "/event-types",
      query: "?owning_application=unknown&x=?",
      user_agent: "test/1",
      ...APPLICATION,
      status_code: 200,
      response_time_ms: expect.any(Number),
      accept_encoding: "identity",
      content_encoding: "-",
      request_length: 0,
      response_length: 2,
      metadata: metadataOf("nakadi.access.log"),
    });
    expect(Object.keys(event).at(-1)).toBe("metadata");
  });

  it("streams are in the access log too, also those that their clients leave", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const log = await watch(test, "nakadi.access.log");
    const subscription = await test.subscription([await test.eventType()]);
    const stream = await test.open(subscription);
    stream.close();
    const path = `/subscriptions/${subscription}/events`;
    expect(await first(log, { path })).toMatchObject({ method: "GET", status_code: 200, response_length: 0 });
  });

  it("stored batches are reported, refused ones are not", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.batch.published");
    const schema = { type: "json_schema", schema: '{"required":["n"]}' };
    const name = await test.eventType({ schema });
    await test.publish(name, [{}]);
    await test.publish(name, [{ n: 1 }, { n: 2 }]);
    expect(await stream.next()).toEqual({
      event_type: name,
      ...APPLICATION,
      token_realm: "",
      number_of_events: 2,
      ms_spent: expect.any(Number),
      batch_size: '[{"n":1},{"n":2}]'.length,
      metadata: metadataOf("nakadi.batch.published"),
    });
  });

  it("none is lost of what comes while others are being stored", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.batch.published");
    const name = await test.eventType();
    const counts = Array.from({ length: 30 }, (_, index) => index + 1);
    await Promise.all(
      counts.map((count) =>
        test.publish(
          name,
          Array.from({ length: count }, () => ({})),
        ),
      ),
    );
    const told: unknown[] = [];
    for (const _ of counts) told.push((await stream.next())["number_of_events"]);
    expect(told.sort((a, b) => Number(a) - Number(b))).toEqual(counts);
  });

  it("streams of both kinds tell what they sent, at intervals and at their end", async () => {
    const test = await manualBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.data.streamed");
    const name = await test.eventType();
    const subscription = await test.subscription([name]);
    const high = await test.open(subscription);
    const low = await test.openLowLevel(name);
    await test.publish(name, [{ n: 1 }, { n: 2 }]);
    for (const one of [high, high, low, low]) await one.nextEvents();
    test.clock.advance(1_000);
    const told = [await stream.next(), await stream.next()];
    const streamed = { event_type: name, ...APPLICATION, token_realm: "", number_of_events: 2, batches_streamed: 2 };
    const more = { bytes_streamed: expect.any(Number), metadata: metadataOf("nakadi.data.streamed") };
    expect(told.find(({ api }) => api === "hila")).toEqual({ api: "hila", subscription, ...streamed, ...more });
    expect(told.find(({ api }) => api === "lola")).toEqual({ api: "lola", ...streamed, ...more });
    await test.publish(name, [{ n: 3 }]);
    await low.nextEvents();
    low.close();
    expect(await stream.next()).toMatchObject({ api: "lola", number_of_events: 1 });
  });

  it("event types are reported when they are created, changed and deleted", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.event.type.log");
    const name = await test.eventType();
    const path = `/event-types/${name}`;
    const schema = { type: "json_schema", schema: '{"title":"t"}' };
    await test.call({ method: "PUT", path, json: { ...MINIMAL, name } });
    await test.call({ method: "POST", path: `${path}/schemas`, json: MINIMAL.schema });
    await test.call({ method: "POST", path: `${path}/schemas`, json: schema });
    await test.call({ method: "PUT", path: `${path}/partition-count`, json: { partition_count: 2 } });
    await test.call({ method: "PUT", path: `${path}/partition-count`, json: { partition_count: 2 } });
    await test.call({ method: "DELETE", path });
    const told: unknown[] = [];
    for (let index = 0; index < 5; index++) told.push(await stream.next());
    expect(told[0]).toEqual({
      event_type: name,
      status: "created",
      category: "UNDEFINED",
      authz: "disabled",
      compatibility_mode: "FORWARD",
      metadata: metadataOf("nakadi.event.type.log"),
    });
    const statuses = told.map((event) => (event as { status: string }).status);
    expect(statuses).toEqual(["created", "updated", "updated", "updated", "deleted"]);
  });

  it("subscriptions are reported when they are created, changed and deleted", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.subscription.log");
    const name = await test.eventType();
    const request = { owning_application: "deletable_owning_app", consumer_group: "deletable_consumer_group" };
    const id = await test.subscription([name], request);
    await test.call({ method: "POST", path: "/subscriptions", json: { ...request, event_types: [name] } });
    const { json } = await test.call({ path: `/subscriptions/${id}` });
    await test.call({ method: "PUT", path: `/subscriptions/${id}`, json });
    await test.call({ method: "DELETE", path: `/event-types/${name}` });
    expect(await stream.next()).toEqual({
      subscription_id: id,
      status: "created",
      metadata: metadataOf("nakadi.subscription.log"),
    });
    expect([await stream.next(), await stream.next()]).toMatchObject([{ status: "updated" }, { status: "deleted" }]);
  });
});

describe("with audit_log_collection on", () => {
  const settings = { "content-type": "application/json" };

  it("a change is reported with the state before, the state after, and the caller", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.audit.log");
    await test.call({ method: "PUT", path: "/settings/blacklist/PRODUCER_ET/x", headers: settings });
    const now = { type: "producer_et", name: "x", id: "PRODUCER_ET:x" };
    expect(await stream.next()).toEqual({
      data_type: "blacklist_entry",
      data_op: "C",
      data: {
        new_object: now,
        new_text: JSON.stringify(now),
        resource_type: "blacklist_entry",
        resource_id: "PRODUCER_ET:x",
        user: "unauthenticated",
        user_hash: HASH,
      },
      metadata: metadataOf("nakadi.audit.log"),
    });
    await test.call({ method: "PUT", path: "/settings/blacklist/PRODUCER_ET/x", headers: settings });
    await test.call({ method: "DELETE", path: "/settings/blacklist/PRODUCER_ET/x", headers: settings });
    expect(await stream.next()).toMatchObject({ data_op: "D", data: { previous_object: now } });
  });

  it("what changes nothing is not told about", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.audit.log");
    const name = await test.eventType();
    expect(await stream.next()).toMatchObject({ data: { resource_id: name } });
    const admins = [{ data_type: "user", value: "me" }];
    const lists = { admins, readers: admins, writers: admins };
    await test.call({ method: "POST", path: "/settings/admins", json: lists });
    expect(await stream.next()).toMatchObject({ data_op: "U" });
    await switchTo(test, "repartitioning", true);
    expect(await stream.next()).toMatchObject({ data: { resource_id: "repartitioning" } });
    await test.call({ method: "POST", path: "/settings/admins", json: lists });
    await switchTo(test, "repartitioning", true);
    await switchTo(test, "disable_event_type_creation", false);
    await test.call({ method: "PUT", path: `/event-types/${name}/partition-count`, json: { partition_count: 1 } });
    await test.call({ method: "PUT", path: "/storages/default/default", headers: settings });
    await test.call({ method: "DELETE", path: "/settings/blacklist/PRODUCER_ET/x", headers: settings });
    const { json: schema } = await test.call({ path: `/event-types/${name}/schemas/latest` });
    await test.call({ method: "POST", path: `/event-types/${name}/schemas`, json: schema });
    await switchTo(test, "repartitioning", false);
    expect(await stream.next()).toMatchObject({
      data_op: "U",
      data: { resource_id: "repartitioning", new_object: { enabled: false } },
    });
  });

  it("every kind of resource is reported", async () => {
    const test = await testBroker({ profile: "acceptance" });
    const stream = await watch(test, "nakadi.audit.log");
    const name = await test.eventType();
    const id = await test.subscription([name]);
    await test.call({ method: "POST", path: `/event-types/${name}/timelines`, json: { storage_id: "default" } });
    const storage = { id: "other", storage_type: "kafka", kafka_configuration: {} };
    await test.call({ method: "POST", path: "/storages", json: storage });
    await test.call({ method: "PUT", path: "/storages/default/other", headers: settings });
    await test.call({ method: "PUT", path: "/storages/default/default", headers: settings });
    await test.call({ method: "DELETE", path: "/storages/other" });
    const admins = [{ data_type: "user", value: "me" }];
    await test.call({ method: "POST", path: "/settings/admins", json: { admins, readers: admins, writers: admins } });
    await switchTo(test, "repartitioning", true);
    await test.call({ method: "DELETE", path: `/subscriptions/${id}` });
    await test.call({ method: "DELETE", path: `/event-types/${name}` });
    const told: unknown[] = [];
    for (let index = 0; index < 11; index++) {
      const { data_op, data } = (await stream.next()) as { data_op: string; data: Record<string, unknown> };
      told.push([data_op, data["resource_type"], data["resource_id"]]);
    }
    expect(told).toEqual([
      ["C", "event_type", name],
      ["C", "subscription", id],
      ["C", "timeline", expect.any(String)],
      ["C", "storage", "other"],
      ["U", "storage", "other"],
      ["U", "storage", "default"],
      ["D", "storage", "other"],
      ["U", "admins", "default"],
      ["U", "feature", "repartitioning"],
      ["D", "subscription", id],
      ["D", "event_type", name],
    ]);
  });
});

it("the request after a feature was switched on is the first to be reported", async () => {
  const test = await testBroker();
  const name = await test.eventType();
  await test.publish(name, [{ n: 1 }]);
  await switchTo(test, "kpi_collection", true);
  const stream = await watch(test, "nakadi.batch.published");
  await test.publish(name, [{ n: 2 }, { n: 3 }]);
  expect(await stream.next()).toMatchObject({ event_type: name, number_of_events: 2 });
});

it("nothing is reported while the features are off", async () => {
  const test = await testBroker();
  await switchTo(test, "kpi_collection", true);
  await switchTo(test, "kpi_collection", false);
  const name = await test.eventType();
  await test.publish(name, [{}]);
  for (const eventType of ["nakadi.batch.published", "nakadi.event.type.log", "nakadi.audit.log"]) {
    const { json } = await test.call({ path: `/event-types/${eventType}/partitions/0` });
    expect(json).toMatchObject({ newest_available_offset: "001-0001--1" });
  }
});
