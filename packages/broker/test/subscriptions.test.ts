import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import type { Answer } from "./http-client.ts";
import { hashed, manualBroker, testBroker, type TestBroker } from "./test-broker.ts";

const detailOf = ({ json }: Answer): unknown => (json as { detail: unknown }).detail;

function create({ call }: TestBroker, json: object): Promise<Answer> {
  return call({ method: "POST", path: "/subscriptions", json });
}

interface Stats {
  items: { event_type: string; partitions: { partition: string; state: string; stream_id: string }[] }[];
}

describe("a subscription", () => {
  it.each<[members: object, status: number, said: string]>([
    [{ consumer_group: null }, 422, 'Field "consumer_group" must not be null\n'],
    [{ consumer_group: "" }, 422, 'Field "consumer_group" must contain at least one character\n'],
    [{ owning_application: "" }, 422, 'Field "owning_application" must contain at least one character\n'],
    [{ event_types: [] }, 422, 'Field "event_types" must contain at least one element\n'],
    [{ event_types: null }, 400, "event_types"],
    [{ read_from: "middle" }, 400, "middle"],
    [{ authorization: { admins: [], readers: [] } }, 422, "must contain at least one attribute"],
    [{ authorization: { admins: [{ data_type: "user", value: "x" }] } }, 422, "authorization.readers"],
    [{ annotations: { a: "x".repeat(1_001) } }, 422, "annotations"],
  ])("with %j is refused with %i", async (members, status, said) => {
    const broker = await testBroker();
    const json = { owning_application: "app", event_types: [await broker.eventType()], ...members };
    const answer = await create(broker, json);
    expect([answer.status, detailOf(answer)]).toEqual([status, expect.stringContaining(said)]);
  });

  it("has its defaults, sorts its event types, and ignores what the server sets", async () => {
    const broker = await testBroker();
    const [a, b] = [await broker.eventType({ name: "type.a" }), await broker.eventType({ name: "type.b" })];
    const mine = { id: randomUUID(), created_at: "2000-01-01T00:00:00.000Z", status: [], initial_cursors: null };
    const answer = await create(broker, { owning_application: "app", event_types: [b, a, b], ...mine });
    expect(answer.status).toBe(201);
    const { id, created_at, updated_at, ...rest } = answer.json as Record<string, unknown>;
    expect(rest).toEqual({
      owning_application: "app",
      event_types: [a, b],
      consumer_group: "default",
      read_from: "end",
      initial_cursors: [],
      authorization: null,
      annotations: {},
      labels: {},
    });
    expect(id).not.toBe(mine.id);
    expect([created_at, created_at]).not.toContain(mine.created_at);
    expect(updated_at).toBe(created_at);
    const again = await create(broker, { owning_application: "app", event_types: [a, b], read_from: "begin" });
    expect([again.status, again.headers.location, again.headers["content-location"]]).toEqual([
      200,
      `/subscriptions/${String(id)}`,
      undefined,
    ]);
    expect(again.json).toEqual(answer.json);
  });

  it("is checked in the protocol's order: the earlier of two faults is answered", async () => {
    const broker = await testBroker({ limits: { maxSubscriptionPartitions: 3 } });
    const one = await broker.eventType(hashed(2));
    const [two, three] = [await broker.eventType(hashed(1)), await broker.eventType(hashed(2))];
    const twice = [
      { data_type: "user", value: "x" },
      { data_type: "user", value: "x" },
    ];
    const authorization = { admins: twice, readers: twice };
    const cursor = (event_type: string, partition: string, offset = "BEGIN") => ({ event_type, partition, offset });
    const told = async (event_types: string[], initial_cursors: object[]): Promise<unknown> => {
      const json = { owning_application: "app", event_types, read_from: "cursors", initial_cursors, authorization };
      const answer = await create(broker, json);
      expect(answer.status).toBe(422);
      return detailOf(answer);
    };
    expect(await told(["none", one, three, "no"], [])).toBe(
      "Failed to create subscription, event type(s) not found: 'no', 'none'",
    );
    expect(await told([one, three], [])).toBe(
      "total partition count for subscription is 4, but the maximum partition count is 3",
    );
    const foreign = cursor(two, "1");
    const all = [cursor(one, "0"), cursor(one, "1"), cursor(two, "0")];
    expect(await told([one, two], [cursor(one, "0"), foreign])).toBe(
      "initial_cursors should contain cursors for all partitions of subscription",
    );
    expect(await told([one, two], [...all, ...all, foreign])).toBe(
      "initial_cursors should contain cursors only for partitions of this subscription",
    );
    expect(await told([one, two], [...all, cursor(one, "0", "7")])).toBe(
      "there should be no more than 1 cursor for each partition in initial_cursors",
    );
    expect(await told([one, two], [...all.slice(1), cursor(one, "0", "7")])).toContain(
      "offset 000000000000000007 for partition 0",
    );
    expect(await told([one, two], all)).toContain("authorization property 'ADMIN' contains duplicated attribute(s)");
  });

  it("is made once, however many ask for it at the same time", async () => {
    const broker = await testBroker();
    const json = { owning_application: "app", event_types: [await broker.eventType()] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(broker, json)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(new Set([...statuses, 200, 409])).toEqual(new Set([201, 200, 409]));
    const ids = answers.flatMap(({ status, json: body }) => (status === 409 ? [] : [(body as { id: string }).id]));
    expect(new Set(ids).size).toBe(1);
  });

  it("is shown as it is, at once, after each change and when it is gone", async () => {
    const broker = await testBroker();
    const { call } = broker;
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    const path = `/subscriptions/${id}`;
    const before = (await call({ path })).json as Record<string, unknown>;
    const json: Record<string, unknown> = { ...before, annotations: { a: "1" }, labels: null };
    expect(await call({ method: "PUT", path, json })).toMatchObject({ status: 204, text: "" });
    expect((await call({ path })).json).toMatchObject({ annotations: { a: "1" }, labels: {} });
    const { read_from: _omitted, ...incomplete } = json;
    expect(detailOf(await call({ method: "PUT", path, json: incomplete }))).toBe("Not allowed to change read from");
    await call({ method: "DELETE", path });
    const statuses = ["", "/cursors", "/stats", "/events"].map(
      async (one) => (await call({ path: path + one })).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404, 404]);
  });

  it("keeps the authorization that it has", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const list = [{ data_type: "user", value: "x" }];
    const id = await broker.subscription([name], { authorization: { admins: list, readers: list } });
    const path = `/subscriptions/${id}`;
    const before = (await broker.call({ path })).json as object;
    const answer = await broker.call({ method: "PUT", path, json: { ...before, authorization: null } });
    expect([answer.status, detailOf(answer)]).toEqual([
      422,
      "Changing authorization object to `null` is not possible due to existing one",
    ]);
  });
});

describe("a list of subscriptions", () => {
  it("shows on demand the streams of each event type's partitions", async () => {
    const broker = await testBroker();
    const [a, b] = [
      await broker.eventType({ name: "list.a" }),
      await broker.eventType({ name: "list.b", ...hashed(2) }),
    ];
    const id = await broker.subscription([b, a], { owning_application: "lister" });
    const stream = await broker.open(id);
    const { json } = await broker.call({ path: "/subscriptions?owning_application=lister&show_status=true" });
    const row = (partition: string): object => ({
      partition,
      state: "assigned",
      stream_id: stream.id,
      assignment_type: "auto",
    });
    expect((json as { items: object[] }).items).toMatchObject([
      {
        id,
        status: [
          { event_type: a, partitions: [row("0")] },
          { event_type: b, partitions: [row("0"), row("1")] },
        ],
      },
    ]);
    const plain = await broker.call({ path: "/subscriptions?owning_application=lister" });
    expect(plain.text).not.toContain("status");
    expect((await broker.call({ path: "/subscriptions?token=nonsense" })).status).toBe(400);
  });
});

describe("a subscription whose event type is deleted while it is created", () => {
  it("is refused, and nothing is left of it", async () => {
    const asked = new Set<string>();
    let goOn = (): void => undefined;
    let held: Promise<void> | undefined;
    const allows: Authorizer["allows"] = async (_subject, operation, { name }) => {
      asked.add(`${operation} ${name}`);
      if (operation === "VIEW" && name === "list.gone") await held;
      return true;
    };
    const broker = await testBroker({ authorizer: { allows } });
    const { call } = broker;
    const [gone, there] = [await broker.eventType({ name: "list.gone" }), await broker.eventType()];
    held = new Promise((resolve) => {
      goOn = resolve;
    });
    asked.clear();
    const creating = create(broker, { owning_application: "app", event_types: [gone, there] });
    await expect.poll(() => asked).toContain(`VIEW ${gone}`);
    held = undefined;
    expect((await call({ method: "DELETE", path: `/event-types/${gone}` })).status).toBe(200);
    goOn();
    const answer = await creating;
    const said = `Failed to create subscription, event type(s) not found: '${gone}'`;
    expect([answer.status, detailOf(answer)]).toEqual([422, said]);
    expect((await call({ path: "/subscriptions?show_status=true" })).json).toEqual({ items: [], _links: {} });
  });

  it("keeps the event type where it is first, however many come at once", async () => {
    const broker = await testBroker();
    const names = await Promise.all(Array.from({ length: 10 }, () => broker.eventType()));
    const one = async (name: string): Promise<void> => {
      const json = { owning_application: name, event_types: [name] };
      const deleting = broker.call({ method: "DELETE", path: `/event-types/${name}` });
      const creating = Array.from({ length: 5 }, (_, n) => create(broker, { ...json, consumer_group: String(n) }));
      const statuses = (await Promise.all(creating)).map(({ status }) => status);
      const deleted = (await deleting).status === 200;
      expect(statuses).toEqual(Array.from({ length: 5 }, () => (deleted ? 422 : 201)));
    };
    await Promise.all(names.map(one));
  });
});

describe("statistics", () => {
  it("sort partitions as texts, and name the owner of a partition that is handed over", async () => {
    const broker = await testBroker({ limits: { maxPartitions: 11 } });
    const name = await broker.eventType(hashed(11));
    const id = await broker.subscription([name]);
    await broker.publish(
      name,
      Array.from({ length: 40 }, (_, n) => ({ p: String(n) })),
    );
    const a = await broker.open(id, { max_uncommitted_events: 40, batch_limit: 40, batch_flush_timeout: 1 });
    const seen = new Set<string>();
    while (seen.size < 11) seen.add((await a.nextEvents()).cursor.partition);
    const stats = async () =>
      ((await broker.call({ path: `/subscriptions/${id}/stats` })).json as Stats).items[0]?.partitions ?? [];
    expect((await stats()).map(({ partition }) => partition)).toEqual([
      "0",
      "1",
      "10",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
      "9",
    ]);
    await broker.open(id);
    await expect
      .poll(async () => (await stats()).filter(({ state }) => state === "reassigning").length)
      .toBeGreaterThan(0);
    expect(new Set((await stats()).map(({ stream_id }) => stream_id))).toEqual(new Set([a.id]));
  });

  it("tell the age of the next event that is left, where retention took those before it, whole timelines too", async () => {
    const broker = await manualBroker();
    const { call, clock } = broker;
    const hours = 3_600_000;
    const name = await broker.eventType({ options: { retention_time: 3 * hours } });
    const initial_cursors = [{ event_type: name, partition: "0", offset: "BEGIN" }];
    const ids = [
      await broker.subscription([name]),
      await broker.subscription([name], { read_from: "cursors", initial_cursors }),
    ];
    for (const id of ids) await call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items: [] } });
    await broker.publish(name, [{ n: 0 }, { n: 1 }]);
    await call({ method: "POST", path: `/event-types/${name}/timelines`, json: { storage_id: "default" } });
    clock.advance(4 * hours);
    await broker.publish(name, [{ n: 2 }, { n: 3 }, { n: 4 }]);
    clock.advance(7_999);
    const told = await Promise.all(ids.map((id) => call({ path: `/subscriptions/${id}/stats?show_time_lag=true` })));
    const [behind, fromTheBeginning] = told.map(({ json }) => (json as Stats).items[0]?.partitions[0]);
    expect(behind).toMatchObject({ unconsumed_events: 5, consumer_lag_seconds: 7 });
    expect(fromTheBeginning).toMatchObject({ unconsumed_events: 3, consumer_lag_seconds: 7 });
  });
});

describe("a reset", () => {
  it("that streams hold up for too long gives up, and changes nothing", async () => {
    const broker = await manualBroker();
    const { call, clock } = broker;
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 0 }, { n: 1 }, { n: 2 }]);
    const stream = await broker.open(id);
    const sent = [await stream.nextEvents(), await stream.nextEvents(), await stream.nextEvents()];
    const items = [{ event_type: name, partition: "0", offset: "BEGIN" }];
    const reset = call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items } });
    expect((await stream.next()).info?.debug).toBe("Resetting subscription cursors");
    // Each commit lets the closing stream wait for another commit timeout.
    for (const { cursor } of sent.slice(0, 2)) {
      clock.advance(30_000);
      expect((await broker.commit(id, stream.id, [cursor])).status).toBe(204);
    }
    const answered = reset.then(({ status, json }) => [status, (json as { detail: string }).detail]);
    let outcome: unknown;
    void answered.then((value) => (outcome = value));
    await expect
      .poll(
        () => {
          clock.advance(100);
          return outcome;
        },
        { timeout: 10_000 },
      )
      .toEqual([500, "Timeout resetting cursors"]);
    const { json } = await call({ path: `/subscriptions/${id}/cursors` });
    expect(json).toMatchObject({ items: [{ offset: sent[1]?.cursor.offset }] });
    expect((await broker.commit(id, stream.id, [sent[2]?.cursor])).status).toBe(204);
    expect(await stream.rest()).toEqual([]);
    expect((await broker.open(id)).status).toBe(200);
  });
});
