/** Brokers that are given one engine are the nodes of one server. */
import { ManualClock, systemClock } from "nakadi-protocol";
import { MemoryEngine, type StorageEngine } from "nakadi-storage";
import { StoppableNode } from "nakadi-storage/compliance";
import { describe, expect, it } from "vitest";
import { hashed, testBroker, type TestBroker } from "./test-broker.ts";

it("what one node has acknowledged, the other one knows", async () => {
  const storage = new MemoryEngine({ clock: systemClock });
  const a = await testBroker({ storage });
  const b = await testBroker({ storage });
  const eventType = await a.eventType();
  const subscription = await b.subscription([eventType]);
  const stream = await a.open(subscription);
  expect((await b.publish(eventType, [{ n: 1 }])).status).toBe(200);
  const { cursor, events } = await stream.nextEvents();
  expect(events).toEqual([{ n: 1 }]);
  expect((await b.commit(subscription, stream.id, [cursor])).status).toBe(204);
  await a.broker.close();
  const again = await b.open(subscription, { batch_flush_timeout: 1 });
  await b.publish(eventType, [{ n: 2 }]);
  expect((await again.nextEvents()).events).toEqual([{ n: 2 }]);
});

describe("a node that paused until its lease had ended", () => {
  it("sends no event that another node sends concurrently, on no stream", async () => {
    const clock = new ManualClock();
    const node = new StoppableNode(clock);
    const storage = new MemoryEngine({ clock });
    const a = await testBroker({ storage: node.engine(storage), clock: node.clock });
    const b = await testBroker({ storage, clock });
    const eventType = await a.eventType();
    const subscription = await a.subscription([eventType]);
    const parameters = { batch_limit: 2, batch_flush_timeout: 1, max_uncommitted_events: 10 };
    const stopped = await a.open(subscription, parameters);
    await a.publish(eventType, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await stopped.nextEvents()).events).toEqual([{ n: 1 }, { n: 2 }]);
    // The third one was read with them and is sent after a second, before the lease is renewed.
    node.stop();
    for (let second = 0; second < 20; second += 1) clock.advance(1_000);
    const heir = await b.open(subscription, { batch_limit: 3 });
    const line = await heir.nextEvents();
    expect(line.events).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await b.commit(subscription, heir.id, [line.cursor])).status).toBe(204);
    node.goOn();
    expect((await stopped.rest()).filter(({ events }) => events)).toEqual([]);
    expect((await b.commit(subscription, stopped.id, [line.cursor])).status).toBe(422);
    // It is one of the nodes again.
    await expect.poll(async () => (await a.call({ method: "GET", path: "/health" })).status).toBe(200);
    await b.publish(eventType, [{ n: 4 }]);
    clock.advance(30_000);
    expect((await heir.nextEvents()).events).toEqual([{ n: 4 }]);
  });
});

describe("a node that gets no lease", () => {
  it("does not start, and closes what it had opened", async () => {
    const clock = new ManualClock();
    let closed = 0;
    const storage = changed(
      refusingLeases(new MemoryEngine({ clock }), () => true),
      (opened) => {
        const close = opened.close.bind(opened);
        opened.close = async () => {
          closed += 1;
          await close();
        };
      },
    );
    await expect(testBroker({ storage, clock })).rejects.toThrow("There is no connection to the storage.");
    expect([closed, clock.pending]).toEqual([1, 0]);
  });

  it("opens no stream whose session is dead from the start, as its clock stands still while the others' go on", async () => {
    const clock = new ManualClock();
    const storage = new MemoryEngine({ clock });
    const still = await testBroker({ storage, clock: new ManualClock() });
    const eventType = await still.eventType();
    const subscription = await still.subscription([eventType]);
    clock.advance(20_000);
    const answer = await still.call({ method: "GET", path: `/subscriptions/${subscription}/events` });
    expect(answer.status).toBe(503);
    const other = await testBroker({ storage, clock });
    await other.publish(eventType, [{ n: 1 }]);
    expect((await (await other.open(subscription)).nextEvents()).events).toEqual([{ n: 1 }]);
  });

  it("says so, and neither opens streams nor takes events and commits, until it gets one", async () => {
    const clock = new ManualClock();
    const node = new StoppableNode(clock);
    const storage = new MemoryEngine({ clock });
    let refuses = false;
    const a = await testBroker({
      storage: node.engine(refusingLeases(storage, () => refuses)),
      clock: node.clock,
    });
    const eventType = await a.eventType();
    const subscription = await a.subscription([eventType]);
    const stream = await a.open(subscription);
    const cursor = { partition: "0", offset: "BEGIN", event_type: eventType, cursor_token: "t" };
    refuses = true;
    node.stop();
    clock.advance(20_000);
    node.goOn();
    await stream.rest();
    const requests = (): Promise<number[]> =>
      Promise.all(
        [
          a.call({ method: "GET", path: "/health" }),
          a.call({ method: "GET", path: `/subscriptions/${subscription}/events` }),
          a.call({ method: "GET", path: `/event-types/${eventType}/events` }),
          a.publish(eventType, [{ n: 1 }]),
          a.commit(subscription, stream.id, [cursor]),
          a.call({ method: "PATCH", path: `/subscriptions/${subscription}/cursors`, json: { items: [cursor] } }),
        ].map(async (answer) => (await answer).status),
      );
    expect(await requests()).toEqual([503, 503, 503, 503, 503, 503]);
    expect((await a.call({ method: "GET", path: `/event-types/${eventType}` })).status).toBe(200);
    refuses = false;
    clock.advance(5_000);
    await expect.poll(async () => (await a.call({ method: "GET", path: "/health" })).text).toBe("OK");
    expect((await a.publish(eventType, [{ n: 1 }])).status).toBe(200);
    expect((await (await a.open(subscription)).nextEvents()).events).toEqual([{ n: 1 }]);
  });
});

it("a commit through another node without a hint keeps the stream from ending", async () => {
  const clock = new ManualClock();
  const storage = new MemoryEngine({ clock });
  const limits = { streamPollMs: 60_000 };
  const a = await testBroker({ storage: withoutChanges(storage), clock, limits });
  const b = await testBroker({ storage, clock });
  const eventType = await a.eventType();
  const subscription = await a.subscription([eventType]);
  await a.publish(eventType, [{ n: 1 }]);
  const stream = await a.open(subscription, { commit_timeout: 5 });
  const { cursor } = await stream.nextEvents();
  expect((await b.commit(subscription, stream.id, [cursor])).status).toBe(204);
  clock.advance(5_000);
  await b.publish(eventType, [{ n: 2 }]);
  const next = await stream.nextEvents();
  expect(next.events).toEqual([{ n: 2 }]);
  clock.advance(5_000);
  expect((await stream.rest()).map(({ info }) => info?.debug)).toEqual(["Commit timeout reached"]);
});

it("a commit wakes the stream that has the partition, and no other", async () => {
  const looks = new Map<string, number>();
  const engine = new MemoryEngine({ clock: systemClock });
  const nodes = await Promise.all(
    ["a", "b"].map((name) =>
      testBroker({
        storage: changed(engine, ({ coordination }) => {
          const progress = coordination.progress.bind(coordination);
          coordination.progress = (id) => {
            looks.set(name, (looks.get(name) ?? 0) + 1);
            return progress(id);
          };
        }),
        limits: { streamPollMs: 60_000 },
      }),
    ),
  );
  const [a, b] = nodes as [TestBroker, TestBroker];
  const eventType = await a.eventType(hashed(2));
  const subscription = await a.subscription([eventType]);
  const partitions = ["0", "1"].map((partition) => ({ event_type: eventType, partition }));
  const [ofA, ofB] = [
    await a.openDirect(subscription, { partitions: partitions.slice(0, 1) }),
    await b.openDirect(subscription, { partitions: partitions.slice(1) }),
  ];
  await a.publish(
    eventType,
    Array.from({ length: 20 }, (_, n) => ({ p: String(n) })),
  );
  const lines = await Promise.all([ofA.nextEvents(), ofB.nextEvents()]);
  await expect.poll(() => quiet(() => [...looks.values()].reduce((sum, count) => sum + count, 0))).toBe(true);
  const before = new Map(looks);
  expect((await b.commit(subscription, ofA.id, [lines[0].cursor])).status).toBe(204);
  // It reads on.
  await ofA.nextEvents();
  expect(looks.get("a")).toBeGreaterThan(before.get("a") ?? 0);
  expect(looks.get("b")).toBe(before.get("b"));
});

describe("a request", () => {
  it("looks at the metadata's revision once, and sees what another node has acknowledged before", async () => {
    let revisions = 0;
    // No poll is due until then.
    const clock = new ManualClock();
    const engine = new MemoryEngine({ clock });
    const a = await testBroker({
      clock,
      storage: countingRevisions(engine, () => revisions++),
    });
    const b = await testBroker({ storage: engine, clock });
    const eventType = await a.eventType(hashed(3));
    const subscription = await a.subscription([eventType]);
    const stream = await a.open(subscription);
    const cursors = ["0", "1", "2"].map((partition) => ({
      partition,
      offset: "BEGIN",
      event_type: eventType,
      cursor_token: "t",
    }));
    const most = async (times: number, request: () => Promise<{ status: number }>, status: number): Promise<void> => {
      await expect.poll(() => quiet(() => revisions)).toBe(true);
      const before = revisions;
      expect((await request()).status).toBe(status);
      expect(revisions - before).toBeLessThanOrEqual(times);
    };
    const get = (path: string) => (): ReturnType<TestBroker["call"]> => a.call({ method: "GET", path });
    await most(1, () => a.publish(eventType, [{ p: "1" }]), 200);
    await most(1, () => a.commit(subscription, stream.id, cursors), 200);
    await most(1, get(`/event-types/${eventType}`), 200);
    await most(1, get(`/event-types/${eventType}/partitions`), 200);
    await most(1, get(`/subscriptions/${subscription}/stats`), 200);
    await most(1, get(`/subscriptions?show_status=true`), 200);
    await most(1, get(`/subscriptions/${subscription}/cursors`), 200);
    await most(
      1,
      () => a.call({ method: "POST", path: `/event-types/${eventType}/deleted-events`, json: [{ p: "1" }] }),
      422,
    );
    expect((await b.call({ method: "DELETE", path: `/subscriptions/${subscription}` })).status).toBe(204);
    expect((await b.call({ method: "DELETE", path: `/event-types/${eventType}` })).status).toBe(200);
    await most(1, () => a.publish(eventType, [{ p: "1" }]), 404);
  });
});

/** Whether nothing has been counted for two turns of the event loop. */
async function quiet(count: () => number): Promise<boolean> {
  const before = count();
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
  return count() === before;
}

function refusingLeases(engine: StorageEngine, refuses: () => boolean): StorageEngine {
  return changed(engine, (storage) => {
    const join = storage.coordination.join.bind(storage.coordination);
    storage.coordination.join = async (...args) => {
      if (refuses()) throw new Error("There is no connection to the storage.");
      return join(...args);
    };
  });
}

function withoutChanges(engine: StorageEngine): StorageEngine {
  return changed(engine, (storage) => {
    storage.coordination.onChange = () => ({ [Symbol.dispose]: () => undefined });
  });
}

function countingRevisions(engine: StorageEngine, count: () => void): StorageEngine {
  return changed(engine, (storage) => {
    const revision = storage.metadata.revision.bind(storage.metadata);
    storage.metadata.revision = () => {
      count();
      return revision();
    };
  });
}

function changed(
  engine: StorageEngine,
  change: (storage: Awaited<ReturnType<StorageEngine["open"]>>) => void,
): StorageEngine {
  return {
    name: engine.name,
    async open(context) {
      const storage = await engine.open(context);
      change(storage);
      return storage;
    },
  };
}
