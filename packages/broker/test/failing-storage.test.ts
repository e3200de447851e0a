/** The answers to consumers after a failed write to the disk. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FaultHook, Logger } from "../src/index.ts";
import type { Answer } from "./http-client.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { testBroker, type TestBroker } from "./test-broker.ts";

interface OnDisk {
  broker: TestBroker;
  directory: string;
  /** What the broker logs as errors. */
  errors: string[];
  again: () => Promise<TestBroker>;
}

async function onDisk(onFaultPoint: FaultHook): Promise<OnDisk> {
  const storage = { directory: join(await temporaryDirectory(), "data") };
  const errors: string[] = [];
  const nothing = (): void => undefined;
  const error: Logger["error"] = (fields, message) =>
    void errors.push(`${message}: ${(fields as { error: Error }).error.message}`);
  const broker = await testBroker({
    storage,
    onFaultPoint,
    logger: { debug: nothing, info: nothing, warn: nothing, error },
  });
  return {
    broker,
    directory: storage.directory,
    errors,
    again: async () => {
      await broker.broker.close();
      return testBroker({ storage });
    },
  };
}

const unavailable = (detail: string): unknown => ({ title: "Service Unavailable", status: 503, detail });
const FULL = unavailable("The storage has failed: the disk is full. Make room on it, then start the broker again.");
const told = ({ status, json }: Answer): unknown => [status, json];

describe("a disk that fails", () => {
  async function failing(): Promise<OnDisk & { fail: () => void }> {
    let failed = false;
    const disk = await onDisk(() => {
      if (failed) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    });
    return {
      ...disk,
      fail: () => {
        failed = true;
      },
    };
  }

  it("makes a commit 503, and what was committed stays", async () => {
    const { broker, again, fail } = await failing();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 0 }, { n: 1 }]);
    const stream = await broker.open(id);
    const [first, second] = [await stream.nextEvents(), await stream.nextEvents()];
    expect((await broker.commit(id, stream.id, [first.cursor])).status).toBe(204);
    fail();
    expect(told(await broker.commit(id, stream.id, [second.cursor]))).toEqual([503, FULL]);
    expect(told(await broker.commit(id, stream.id, [second.cursor]))).toEqual([503, FULL]);
    const { json } = await (await again()).call({ path: `/subscriptions/${id}/cursors` });
    expect(json).toMatchObject({ items: [{ offset: first.cursor.offset }] });
  });

  it("makes a stream that cannot be registered 503 before it begins, and a reset too", async () => {
    const { broker, fail } = await failing();
    const name = await broker.eventType();
    const ids = [await broker.subscription([name]), await broker.subscription([name])];
    const cursors = { method: "PATCH", path: `/subscriptions/${ids[0]}/cursors` };
    expect((await broker.call({ ...cursors, json: { items: [] } })).status).toBe(204);
    fail();
    for (const id of ids) {
      const stream = await broker.call({ path: `/subscriptions/${id}/events` });
      expect(told(stream)).toEqual([503, FULL]);
      expect(stream.headers["content-type"]).toBe("application/problem+json");
    }
    const items = [{ event_type: name, partition: "0", offset: "BEGIN" }];
    expect(told(await broker.call({ ...cursors, json: { items } }))).toEqual([503, FULL]);
  });

  it("makes a publish and the health 503, which name the full disk and what to do; what is stored can be read", async () => {
    const { broker, again, fail } = await failing();
    const name = await broker.eventType();
    await broker.publish(name, [{ n: 0 }]);
    expect((await broker.call({ path: "/health" })).status).toBe(200);
    fail();
    for (let times = 0; times < 2; times++) expect(told(await broker.publish(name, [{ n: 1 }]))).toEqual([503, FULL]);
    expect(told(await broker.call({ path: "/health" }))).toEqual([503, FULL]);
    const stream = await broker.openLowLevel(name, "BEGIN");
    expect((await stream.nextEvents()).events).toEqual([{ n: 0 }]);
    expect((await (await again()).call({ path: "/health" })).status).toBe(200);
  });
});

describe("a data directory that is removed while the broker runs", () => {
  it("is noticed before a publish is acknowledged, and makes the health 503", async () => {
    const { broker, directory, errors } = await onDisk(() => undefined);
    const name = await broker.eventType();
    expect((await broker.publish(name, [{ n: 0 }])).status).toBe(200);
    await rm(directory, { recursive: true });
    const gone = unavailable(
      "The storage has failed: the data directory was removed or replaced. " +
        "Put it back or choose another one, then start the broker again.",
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => broker.publish(name, [{ n: 1 }])));
    for (const answer of answers) expect(told(answer)).toEqual([503, gone]);
    expect(told(await broker.call({ path: "/health" }))).toEqual([503, gone]);
    expect(errors.filter((message) => message.includes(directory))).toHaveLength(1);
  });

  it("is noticed while nothing is written, also where another broker has taken its place", async () => {
    const { broker, directory, errors } = await onDisk(() => undefined);
    await rm(directory, { recursive: true });
    const other = await testBroker({ storage: { directory } });
    await expect.poll(async () => (await broker.call({ path: "/health" })).status, { timeout: 10_000 }).toBe(503);
    expect(errors).toHaveLength(1);
    expect((await other.call({ path: "/health" })).status).toBe(200);
  });
});
