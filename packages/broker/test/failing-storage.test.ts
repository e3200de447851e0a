/** What consumers are told while the disk takes nothing any more. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FaultHook } from "../src/index.ts";
import type { Answer } from "./http-client.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { testBroker, type TestBroker } from "./test-broker.ts";

async function onDisk(onFaultPoint: FaultHook): Promise<{ broker: TestBroker; again: () => Promise<TestBroker> }> {
  const storage = { directory: join(await temporaryDirectory(), "data") };
  const broker = await testBroker({ storage, onFaultPoint });
  return {
    broker,
    again: async () => {
      await broker.broker.close();
      return testBroker({ storage });
    },
  };
}

const UNAVAILABLE = { title: "Service Unavailable", status: 503, detail: "The storage has failed." };
const told = ({ status, json }: Answer): unknown => [status, json];

describe("a disk that fails", () => {
  async function failing(): Promise<{ broker: TestBroker; again: () => Promise<TestBroker>; fail: () => void }> {
    let failed = false;
    const disk = await onDisk(() => {
      if (failed) throw new Error("There is no space left on the disk.");
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
    expect(told(await broker.commit(id, stream.id, [second.cursor]))).toEqual([503, UNAVAILABLE]);
    expect(told(await broker.commit(id, stream.id, [second.cursor]))).toEqual([503, UNAVAILABLE]);
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
      expect(told(stream)).toEqual([503, UNAVAILABLE]);
      expect(stream.headers["content-type"]).toBe("application/problem+json");
    }
    const items = [{ event_type: name, partition: "0", offset: "BEGIN" }];
    expect(told(await broker.call({ ...cursors, json: { items } }))).toEqual([503, UNAVAILABLE]);
  });
});
