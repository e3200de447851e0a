import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import type { LogId, LogPort, MetadataPort, Storage } from "nakadi-storage";
import { Access, allowAll } from "../authorization/authorizer.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Snapshots } from "../metadata-snapshot.ts";
import { Features } from "../settings/features.ts";
import { EventTypes } from "./catalogue.ts";
import type { StoredEventType } from "./stored-event-type.ts";

const NEVER = new AbortController().signal;
const ALL_ALLOWED = new Access(allowAll);
const UNSUBSCRIBED = (): Promise<boolean> => Promise.resolve(false);
const minimal = (name: string, more: object = {}): object => ({
  name,
  owning_application: "shop",
  category: "undefined",
  schema: { type: "json_schema", schema: "{}" },
  ...more,
});

let clock: ManualClock;
let storage: Storage;
let logs: LogId[];
let eventTypes: EventTypes;

function catalogueOver(ports: { log?: LogPort; metadata?: MetadataPort } = {}): EventTypes {
  const uuid = (): string => {
    const id = `log-${logs.length}`;
    logs.push(id);
    return id;
  };
  return new EventTypes({
    log: storage.log,
    metadata: storage.metadata,
    snapshots: new Snapshots(storage.metadata),
    features: new Features(storage.metadata, new Snapshots(storage.metadata)),
    limits: DEFAULT_LIMITS,
    clock,
    uuid,
    ...ports,
  });
}

/** A port one of whose methods is replaced. */
function but<T extends object>(port: T, change: Partial<T>): T {
  return new Proxy(port, {
    get(target, name) {
      const found: unknown = Reflect.get(change, name) ?? Reflect.get(target, name);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}

const exists = async (log: LogId): Promise<boolean> =>
  storage.log.bounds(log).then(
    () => true,
    () => false,
  );

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2026, 0, 2));
  storage = new MemoryEngine({ clock }).node("node");
  logs = [];
  eventTypes = catalogueOver();
});

describe("create", () => {
  test("stores the event type with a log of its own", async () => {
    const statistic = {
      messages_per_minute: 1,
      message_size: 1,
      read_parallelism: 3,
      write_parallelism: 1,
    };
    const created = await eventTypes.create(minimal("et", { default_statistic: statistic }));
    expect(created).toMatchObject({
      eventType: { name: "et", created_at: "2026-01-02T00:00:00.000Z" },
      partitions: 3,
      timelines: [{ order: 1, log: "log-0", createdAt: "2026-01-02T00:00:00.000Z", lastNumbers: null }],
    });
    expect(await eventTypes.get("et")).toEqual(created);
    expect(await storage.log.bounds("log-0")).toHaveLength(3);
  });

  test("refuses a name that is taken, and changes nothing", async () => {
    const first = await eventTypes.create(minimal("et"));
    await expect(eventTypes.create(minimal("et", { owning_application: "other" }))).rejects.toMatchObject({
      status: 409,
      message: "EventType et already exists.",
    });
    expect(await eventTypes.get("et")).toEqual(first);
  });

  test("lets one of many at once have the name, and leaves no log of the others", async () => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => eventTypes.create(minimal("et"))));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const { timelines } = await eventTypes.get("et");
    for (const log of logs) expect(await exists(log)).toBe(log === timelines[0]?.log);
  });

  test("that fails at the log stores no event type; one that fails at the record leaves at most a log", async () => {
    const fails = (): Promise<never> => Promise.reject(new Error("disk full"));
    const withoutLog = catalogueOver({ log: but(storage.log, { create: fails }) });
    await expect(withoutLog.create(minimal("et"))).rejects.toThrow("disk full");
    expect(await eventTypes.find("et")).toBeUndefined();
    const withoutRecord = catalogueOver({ metadata: but(storage.metadata, { write: fails }) });
    await expect(withoutRecord.create(minimal("et"))).rejects.toThrow("disk full");
    expect(await eventTypes.find("et")).toBeUndefined();
    await expect(eventTypes.create(minimal("et"))).resolves.toBeDefined();
  });

  test.each([
    [
      { schema: { type: "json_schema", schema: '{"$ref":"#/definitions/none"}' } },
      /^schema must be a valid json-schema: /,
    ],
    [{ schema: { type: "json_schema", schema: '{"properties":'.repeat(500) } }, /^schema must be a valid json: /],
    [{ partition_strategy: "astrology" }, "partition strategy does not exist: astrology"],
  ])("refuses %j before anything is stored", async (change, detail) => {
    await expect(eventTypes.create(minimal("et", change))).rejects.toMatchObject({
      status: 422,
      message: expect.stringMatching(detail),
    });
    expect(logs).toEqual([]);
  });

  test.each([
    ["delete", { retentionMs: 172_800_000, compact: false, retentionBytes: 5_000 }],
    ["compact", { retentionMs: null, compact: true }],
    ["compact_and_delete", { retentionMs: 172_800_000, compact: true, retentionBytes: 5_000 }],
  ])("tells the log its policy: %s", async (cleanup_policy, policy) => {
    const policies: unknown[] = [];
    const create: LogPort["create"] = async (_log, _partitions, given) => void policies.push(given);
    const watched = catalogueOver({ log: but(storage.log, { create }) });
    await watched.create(
      minimal("et", {
        category: "business",
        enrichment_strategies: ["metadata_enrichment"],
        cleanup_policy,
        annotations: { "nakadi-ts/retention-bytes": "5000" },
      }),
    );
    expect(policies).toEqual([policy]);
  });
});

describe("get", () => {
  test("says that there is none", async () => {
    await expect(eventTypes.get("et")).rejects.toMatchObject({
      status: 404,
      message: 'EventType "et" does not exist.',
    });
    expect(await eventTypes.find("et")).toBeUndefined();
  });

  test("sees at once what another node has written", async () => {
    const other = catalogueOver();
    expect(await other.find("et")).toBeUndefined();
    await eventTypes.create(minimal("et"));
    expect(await other.find("et")).toBeDefined();
    await eventTypes.delete("et", UNSUBSCRIBED, ALL_ALLOWED);
    expect(await other.find("et")).toBeUndefined();
  });
});

describe("list", () => {
  const WRITERS = {
    admins: USER("ada"),
    readers: USER("ada"),
    writers: [...USER("ada"), { data_type: "service", value: "shop" }],
  };
  function USER(value: string): { data_type: string; value: string }[] {
    return [{ data_type: "user", value }];
  }

  beforeEach(async () => {
    await eventTypes.create(minimal("b"));
    await eventTypes.create(minimal("a", { owning_application: "other", authorization: WRITERS }));
    await eventTypes.create(minimal("C", { authorization: WRITERS }));
  });

  test.each([
    [{}, ["C", "a", "b"]],
    [{ owningApplication: "shop" }, ["C", "b"]],
    [{ owningApplication: "unknown" }, []],
    [{ writer: "service:shop" }, ["C", "a"]],
    [{ writer: "user:shop" }, []],
    [{ writer: "user:ada", owningApplication: "other" }, ["a"]],
  ])("%j", async (filter, names) => {
    expect((await eventTypes.list(filter)).map(({ name }) => name)).toEqual(names);
  });

  test.each(["", "user", ":ada", "user:ada:x"])(
    "a writer is a type and a value: %j is a bad request",
    async (writer) => {
      await expect(eventTypes.list({ writer })).rejects.toMatchObject({ status: 400 });
    },
  );

  test("has no end", async () => {
    const write = (name: string): Promise<unknown> =>
      storage.metadata.write([{ kind: "event-type", id: name, expect: "absent", value: { eventType: { name } } }]);
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => write(`x${index}`)));
    expect(await eventTypes.list()).toHaveLength(2_003);
  });
});

describe("delete", () => {
  test("removes the event type and its events; the name starts anew", async () => {
    const { timelines } = await eventTypes.create(minimal("et"));
    await storage.log.append("log-0", new Map([[0, [{ value: new Uint8Array(1) }]]]), NEVER);
    await eventTypes.delete("et", UNSUBSCRIBED, ALL_ALLOWED);
    expect(await eventTypes.find("et")).toBeUndefined();
    expect(await exists("log-0")).toBe(false);
    const again = await eventTypes.create(minimal("et"));
    expect(again.timelines[0]?.order).toBe(1);
    expect(again.timelines[0]?.log).not.toBe(timelines[0]?.log);
  });

  test("says that there is none", async () => {
    await expect(eventTypes.delete("et", UNSUBSCRIBED, ALL_ALLOWED)).rejects.toMatchObject({
      status: 404,
      message: 'EventType "et" does not exist.',
    });
  });

  test("is refused while a subscription needs it", async () => {
    await eventTypes.create(minimal("et"));
    const asked: string[] = [];
    const isSubscribed = async (name: string): Promise<boolean> => asked.push(name) > 0;
    await expect(eventTypes.delete("et", isSubscribed, ALL_ALLOWED)).rejects.toMatchObject({
      status: 409,
      message: "Can't remove event type et, as it has subscriptions",
    });
    expect(asked).toEqual(["et"]);
    expect(await exists("log-0")).toBe(true);
  });

  test("removes the record first: a crash leaves an orphaned log", async () => {
    await eventTypes.create(minimal("et"));
    const remove = (): Promise<never> => Promise.reject(new Error("crash"));
    await expect(
      catalogueOver({ log: but(storage.log, { remove }) }).delete("et", UNSUBSCRIBED, ALL_ALLOWED),
    ).rejects.toThrow("crash");
    expect(await eventTypes.find("et")).toBeUndefined();
    expect(await exists("log-0")).toBe(true);
  });

  test("asks again after a concurrent change of the event type", async () => {
    const created = await eventTypes.create(minimal("et"));
    let asked = 0;
    const changing = async (): Promise<boolean> => {
      if (++asked > 1) return true;
      await storage.metadata.write([
        { kind: "event-type", id: "et", expect: "any", value: { ...created, partitions: 2 } },
      ]);
      return false;
    };
    await expect(eventTypes.delete("et", changing, ALL_ALLOWED)).rejects.toMatchObject({ status: 409 });
    expect(asked).toBe(2);
    expect(await eventTypes.get("et")).toMatchObject({ partitions: 2 });
  });
});

describe("validator", () => {
  test("is the effective schema's", async () => {
    const schema = {
      type: "json_schema",
      schema: '{"properties":{"a":{"type":"string","minLength":02}}}',
    };
    const stored = await eventTypes.create(minimal("et", { schema, compatibility_mode: "compatible" }));
    const validator = (await eventTypes.validation(stored))?.validator;
    expect(validator?.faultOf({ a: "x" })).toBe("#/a: expected minLength: 2, actual: 1");
    expect(validator?.faultOf({ b: 1 })).toBe("#: extraneous key [b] is not permitted");
    expect((await eventTypes.validation(await eventTypes.get("et")))?.validator).toBe(validator);
  });

  test("does not exist for Avro", async () => {
    const schema = { type: "avro_schema", schema: '{"type":"string"}' };
    expect(await eventTypes.validation(await eventTypes.create(minimal("et", { schema })))).toBeUndefined();
  });
});

test("a change reads the event type from the storage: with a stale cache it would retry without end", async () => {
  const one = catalogueOver({ metadata: but(storage.metadata, { revision: async () => 1 }) });
  await one.create(minimal("a"));
  await one.find("a");
  const other = (stored: StoredEventType): StoredEventType => ({ ...stored, partitions: stored.partitions + 1 });
  await eventTypes.change("a", other);
  await one.change("a", other);
  expect((await eventTypes.get("a")).partitions).toBe(3);
});
