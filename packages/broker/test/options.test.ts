import net from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BrokerOptions } from "../src/index.ts";
import { BrokerOptionsError, DEFAULT_LIMITS, LIMIT_RULES, PROFILES, startBroker } from "../src/index.ts";
import { call } from "./http-client.ts";
import { hashed, testBroker } from "./test-broker.ts";

describe("limits", () => {
  it.each(Object.entries(LIMIT_RULES))("%s can be whatever its bounds allow, and nothing else", async (name, rule) => {
    const { min, max } = rule;
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, null])
      await expect(startBroker({ limits: { [name]: value } })).rejects.toThrow(`limits.${name} must be a whole number`);
    expect(rule.default).toBeGreaterThanOrEqual(min);
    expect(rule.default).toBeLessThanOrEqual(max);
  });

  it("of the real server are the default, those of its acceptance tests a profile", () => {
    const { acceptance } = PROFILES;
    expect(DEFAULT_LIMITS).toMatchObject({
      maxEventBytes: 999_000,
      defaultPartitions: 1,
      maxPartitions: 8,
      defaultRetentionMs: 172_800_000,
      minRetentionMs: 10_800_000,
      maxRetentionMs: 345_600_000,
      maxSubscriptionPartitions: 100,
      maxCommitTimeoutSeconds: 60,
      maxStreamTimeoutSeconds: 4_200,
      defaultStreamTimeoutSeconds: 3_000,
      defaultBatchFlushTimeoutSeconds: 30,
      defaultMaxUncommittedEvents: 10,
      defaultBatchLimit: 1,
      autocommitMs: 5_000,
      publishTimeoutMs: 35_000,
      timelineSwitchMs: 40_000,
    });
    const others = Object.entries(acceptance).filter(
      ([name, value]) => DEFAULT_LIMITS[name as "maxPartitions"] !== value,
    );
    expect(Object.fromEntries(others)).toEqual({
      maxSubscriptionPartitions: 30,
      maxCommitTimeoutSeconds: 5,
      maxLowLevelBufferBytes: 10_000,
      streamReportMs: 1_000,
    });
  });

  it("count in what is answered", async () => {
    const test = await testBroker({
      profile: "acceptance",
      limits: { defaultPartitions: 3, maxPartitions: 4, minRetentionMs: 1, defaultRetentionMs: 2, maxRetentionMs: 3 },
    });
    const partitionsOf = async (name: string) =>
      ((await test.call({ path: `/event-types/${name}/partitions` })).json as unknown[]).length;
    const name = await test.eventType();
    expect(await partitionsOf(name)).toBe(3);
    expect(await partitionsOf(await test.eventType(hashed(9)))).toBe(4);
    expect((await test.call({ path: `/event-types/${name}` })).json).toMatchObject({ options: { retention_time: 2 } });
    const id = await test.subscription([name]);
    const late = await test.call({ path: `/subscriptions/${id}/events?commit_timeout=6` });
    expect([late.status, late.json]).toEqual([
      422,
      expect.objectContaining({ detail: "commit_timeout can not be more than 5" }),
    ]);
  });

  it("of the acceptance profile let 30 partitions into a subscription, and its deletable subscriptions go", async () => {
    const test = await testBroker({ profile: "acceptance", limits: { maxPartitions: 31 } });
    const wide = await test.eventType(hashed(31));
    const json = { owning_application: "deletable_owning_app", event_types: [wide] };
    const refused = await test.call({ method: "POST", path: "/subscriptions", json });
    expect([refused.status, refused.json]).toEqual([
      422,
      expect.objectContaining({
        detail: "total partition count for subscription is 31, but the maximum partition count is 30",
      }),
    ]);
    const name = await test.eventType();
    await test.subscription([name], {
      owning_application: "deletable_owning_app",
      consumer_group: "deletable_consumer_group",
    });
    expect((await test.call({ method: "DELETE", path: `/event-types/${name}` })).status).toBe(200);
  });
});

describe("startBroker", () => {
  it("listens on loopback, on a port of its own choice, and answers /health to the byte", async () => {
    const broker = await startBroker();
    onTestFinished(() => broker.close());
    expect(broker.url).toBe(`http://127.0.0.1:${broker.port}`);
    const health = await call(broker.url, { path: "/health" });
    expect([health.status, health.headers["content-type"], health.text]).toEqual([
      200,
      "text/plain;charset=iso-8859-1",
      "OK",
    ]);
  });

  it("rejects with the system's error where it cannot listen, and leaves nothing behind", async () => {
    const first = await startBroker();
    onTestFinished(() => first.close());
    await expect(startBroker({ port: first.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it.each<[options: object]>([
    [{ port: 70_000 }],
    [{ port: 1.5 }],
    [{ host: "" }],
    [{ limits: { maxEventBytes: 0 } }],
    [{ limits: { maxPartitions: 1.5 } }],
    [{ limits: { maxPartitions: "8" } }],
    [{ limits: { maxPartitions: 1_001 } }],
    [{ limits: { unheardOf: 1 } }],
    [{ limits: { minRetentionMs: 172_800_001 } }],
    [{ limits: { defaultPartitions: 9 } }],
    [{ profile: "fast" }],
    [{ deletableSubscription: { owningApplication: "a" } }],
    [{ storage: "paper" }],
    [{ storage: "directory:" }],
    [{ storage: "C:\\data" }],
    [{ storage: { directory: "" } }],
    [{ storage: { name: "no engine", open: "closed" } }],
  ])("refuses %j before it starts anything", async (options) => {
    await expect(startBroker(options as BrokerOptions)).rejects.toBeInstanceOf(BrokerOptionsError);
  });

  it.each<[options: unknown, said: string[]]>([
    [{ prot: 8080 }, ["options.prot must be one of the known options", "did you mean port?"]],
    [{ store: { directory: "x" } }, ["options.store", "did you mean storage?"]],
    [{ storage: { directory: "x", durable: false } }, ["storage.durable", "directory"]],
    [{ storage: { direktory: "x" } }, ["storage.direktory", "did you mean directory?"]],
    [{ storage: { directory: 7 } }, ["storage.directory", "not 7"]],
    [{ storage: ["x"] }, ["storage must be an object"]],
    [{ limits: { maxPartition: 9 } }, ["limits.maxPartition", "did you mean maxPartitions?"]],
    [{ limits: 7 }, ["limits must be an object"]],
    [
      { deletableSubscription: { owningApplication: "a", consumer_group: "b" } },
      ["deletableSubscription.consumer_group", "did you mean consumerGroup?"],
    ],
    [{ profile: { name: "x" } }, ["profile must be one of default, acceptance"]],
    [{ port: "8080" }, ['port must be a whole number from 0 to 65535, not "8080"']],
    [{ clock: {} }, ["clock must be an object with the functions wallMs, monotonicMs, schedule"]],
    [{ logger: console.log }, ["logger must be an object with the functions debug, info, warn, error"]],
    [{ authorizer: () => true }, ["authorizer must be an object with the functions allows"]],
    [{ onFaultPoint: "writing" }, ["onFaultPoint must be a function"]],
    [null, ["options must be an object"]],
    ["memory", ["options must be an object"]],
  ])("says what is wrong with %j, and what there is", async (options, said) => {
    const refused: unknown = await startBroker(options as BrokerOptions).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BrokerOptionsError);
    for (const part of said) expect((refused as Error).message).toContain(part);
  });

  it("stops by options that are known only", async () => {
    const broker = await startBroker();
    onTestFinished(() => broker.close());
    await expect(broker.stop({ drain: 1 } as object)).rejects.toThrow("did you mean drainMs?");
    await expect(broker.stop({ drainMs: Number.NaN })).rejects.toThrow("drainMs must be a number from 0");
    expect((await call(broker.url, { path: "/health" })).status).toBe(200);
  });

  it("stops once, however often stop is called, and frees its port", async () => {
    const broker = await startBroker();
    await Promise.all([broker.stop(), broker.stop(), broker.close()]);
    const again = net.createServer();
    await new Promise<void>((resolve, reject) => again.listen(broker.port, "127.0.0.1", resolve).on("error", reject));
    await new Promise((resolve) => again.close(resolve));
  });

  it("does not wait for a request that never ends when it stops", async () => {
    const broker = await startBroker();
    const socket = net.connect(broker.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined));
    await new Promise<void>((resolve) => {
      socket.write("POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", () => resolve());
    });
    await broker.stop({ drainMs: 10 });
    await closed;
  });

  it("does not wait for connections without a request that open while it stops", async () => {
    const test = await testBroker();
    await test.open(await test.subscription([await test.eventType()]));
    const opened = new Set<net.Socket>();
    let isStopping = true;
    const connect = (): void => {
      if (!isStopping) return;
      const socket = net.connect(test.broker.port, "127.0.0.1").on("error", () => undefined);
      opened.add(socket.on("close", () => opened.delete(socket)));
      setImmediate(connect);
    };
    connect();
    await test.broker.stop({ drainMs: 0 });
    isStopping = false;
    await expect.poll(() => opened.size).toBe(0);
  });
});
