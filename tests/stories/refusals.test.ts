/** What each method of the administration says where there is nothing to administer: a new method has no way around its row. */
import type { EventType, NakadiClient, Subscription } from "nakadi-client";
import { describe, expect, it } from "vitest";
import { business } from "../support/event-types.ts";
import { collected } from "../support/collected.ts";
import { ENGINES, nakadiOn } from "../support/engines.ts";

const UNKNOWN = "test.unknown";
const CURSOR = { partition: "0", offset: "BEGIN" };
const SCHEMA = { type: "json_schema", schema: "{}" } as const;
const WRONG = { ...business(), name: "-" };
const NO_SUBSCRIPTION = { id: UNKNOWN, owning_application: "test", event_types: [UNKNOWN] } as Subscription;

type Resource = "eventTypes" | "schemas" | "subscriptions" | "timelines" | "storages" | "settings" | "server";
/** The status of each method's refusal, or `never` for those that have nothing to refuse. */
type Refusals<T> = {
  [Method in keyof T]: readonly [status: number, call: (of: T) => unknown] | "never";
};

const refusals: { [R in Resource]: Refusals<NakadiClient[R]> } = {
  eventTypes: {
    create: [422, (of) => of.create(WRONG)],
    get: [404, (of) => of.get(UNKNOWN)],
    list: "never",
    update: [404, (of) => of.update(business(UNKNOWN))],
    ensure: [422, (of) => of.ensure(WRONG)],
    delete: [404, (of) => of.delete(UNKNOWN)],
    partitions: [404, (of) => of.partitions(UNKNOWN)],
    partition: [404, (of) => of.partition(UNKNOWN, "0")],
    setPartitionCount: [404, (of) => of.setPartitionCount(UNKNOWN, 2)],
    distances: [404, (of) => of.distances(UNKNOWN, [{ initial_cursor: CURSOR, final_cursor: CURSOR }])],
    shift: [404, (of) => of.shift(UNKNOWN, [CURSOR])],
    lag: [404, (of) => of.lag(UNKNOWN, [CURSOR])],
  },
  schemas: {
    list: [404, (of) => collected(of.list(UNKNOWN))],
    get: [404, (of) => of.get(UNKNOWN)],
    add: [404, (of) => of.add(UNKNOWN, SCHEMA)],
    find: [404, (of) => of.find(UNKNOWN, SCHEMA)],
    checkCompatibility: [404, (of) => of.checkCompatibility(UNKNOWN, "{}")],
  },
  subscriptions: {
    create: [422, (of) => of.create(NO_SUBSCRIPTION)],
    ensure: [422, (of) => of.ensure(NO_SUBSCRIPTION)],
    get: [404, (of) => of.get(UNKNOWN)],
    list: "never",
    update: [404, (of) => of.update(NO_SUBSCRIPTION)],
    delete: [404, (of) => of.delete(UNKNOWN)],
    cursors: [404, (of) => of.cursors(UNKNOWN)],
    resetCursors: [404, (of) => of.resetCursors(UNKNOWN, [{ event_type: UNKNOWN, ...CURSOR }])],
    stats: [404, (of) => of.stats(UNKNOWN)],
    lag: [404, (of) => of.lag(UNKNOWN)],
  },
  timelines: {
    list: [404, (of) => collected(of.list(UNKNOWN))],
    create: [404, (of) => of.create(UNKNOWN, "default")],
  },
  storages: {
    list: "never",
    get: [404, (of) => of.get(UNKNOWN)],
    create: [422, (of) => of.create({ id: "-" } as never)],
    delete: [404, (of) => of.delete(UNKNOWN)],
    setDefault: [404, (of) => of.setDefault(UNKNOWN)],
  },
  settings: {
    blacklist: "never",
    block: [400, (of) => of.block("UNKNOWN" as never, UNKNOWN)],
    unblock: [400, (of) => of.unblock("UNKNOWN" as never, UNKNOWN)],
    features: "never",
    setFeature: [400, (of) => of.setFeature(UNKNOWN, true)],
    admins: "never",
    setAdmins: [422, (of) => of.setAdmins({ admins: [], readers: [], writers: [] })],
  },
  server: {
    health: "never",
    version: "never",
    metrics: "never",
    requestMetrics: "never",
    streamMetrics: "never",
    api: "never",
    partitionStrategies: "never",
    enrichmentStrategies: "never",
  },
};

describe.each(ENGINES)("on %s:", (engine) => {
  it.each(Object.keys(refusals) as Resource[])("%s refuse what is not there or not right", async (resource) => {
    const { nakadi } = await nakadiOn(engine);
    const rows: [string, "never" | readonly [number, (of: never) => unknown]][] = Object.entries(refusals[resource]);
    const refused = rows.flatMap(([method, row]) => (row === "never" ? [] : [[method, ...row] as const]));
    const answers = await Promise.all(
      refused.map(async ([method, , call]) => [method, await statusOf(() => call(nakadi[resource] as never))]),
    );
    expect(answers).toEqual(refused.map(([method, status]) => [method, status]));
  });

  it("an event type that is compacted has one timeline, and a storage that is used stays", async () => {
    const { nakadi } = await nakadiOn(engine);
    const compacted: EventType = { ...business(), cleanup_policy: "compact" };
    await nakadi.eventTypes.create(compacted);
    await expect(nakadi.timelines.create(compacted.name, "default")).rejects.toMatchObject({ status: 422 });
    await expect(nakadi.storages.delete("default")).rejects.toMatchObject({ status: 403 });
  });

  it("a server counts what it does, and describes itself", async () => {
    const { nakadi } = await nakadiOn(engine);
    for (const metrics of [nakadi.server.metrics(), nakadi.server.requestMetrics(), nakadi.server.streamMetrics()]) {
      expect(await metrics).toMatchObject({ version: expect.any(String) });
    }
    expect(await nakadi.server.api()).toMatchObject({ openapi: expect.any(String), paths: { "/api": { get: {} } } });
  });
});

async function statusOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return (error as { status?: number }).status ?? error;
  }
}
