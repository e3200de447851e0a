/** What a restart on the same directory leaves as it was, and what it ends. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { type BrokerOptions, startBroker } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { hashed, testBroker, type TestBroker } from "./test-broker.ts";

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => ({ n: from + index }));

/** How a broker ends, and what the next one finds: a killed one has not got to do anything any more. */
const ENDS = {
  "was stopped": async ({ broker }: TestBroker, directory: string) => {
    await broker.stop();
    return directory;
  },
  "was killed": async (_: TestBroker, directory: string) => {
    const left = join(await temporaryDirectory(), "data");
    await cp(directory, left, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    return left;
  },
};

it("a timeline's switch that a kill interrupts blocks no request", async () => {
  const directory = join(await temporaryDirectory(), "data");
  const [held, release] = [signal(), signal()];
  let writes = 0;
  const clock = new ManualClock();
  const broker = await testBroker({
    clock,
    storage: { directory },
    onFaultPoint: async (point) => {
      if (point !== "before-write" || --writes !== 0) return;
      held.send();
      await release.sent;
    },
  });
  const name = await broker.eventType();
  // The mark is written first, and then the log that the switch leads to.
  writes = 2;
  const timelines = `/event-types/${name}/timelines`;
  const request = { method: "POST", path: timelines, json: { storage_id: "default" } };
  const switching = broker.call(request);
  await held.sent;
  const left = await ENDS["was killed"](broker, directory);
  release.send();
  await switching;
  const again = await testBroker({ clock, storage: { directory: left } });
  expect((await again.call({ path: timelines })).json).toHaveLength(1);
  expect((await again.publish(name, numbers(1))).status).toBe(200);
  expect((await again.call(request)).status).toBe(201);
});

it.each(Object.keys(ENDS) as (keyof typeof ENDS)[])(
  "a broker that %s ages no event while none runs, whatever the wall clock shows then",
  async (end) => {
    const [retentionMs, hoursMs] = [3 * 3_600_000, 3_600_000];
    let directory = join(await temporaryDirectory(), "data");
    const clock = new ManualClock();
    let broker = await testBroker({ clock, storage: { directory } });
    const name = await broker.eventType({ options: { retention_time: retentionMs } });
    const oldest = async () => {
      const { json } = await broker.call({ path: `/event-types/${name}/partitions/0` });
      return Number((json as { oldest_available_offset: string }).oldest_available_offset.slice(-1));
    };
    await broker.publish(name, numbers(1));
    for (const hours of [1_000_000, -3_000_000, 5]) {
      directory = await ENDS[end](broker, directory);
      clock.jumpWall(hours * hoursMs);
      broker = await testBroker({ clock, storage: { directory } });
      await broker.publish(name, numbers(1));
      clock.advance(hoursMs / 2);
      expect(await oldest()).toBe(0);
    }
    clock.advance(retentionMs);
    await broker.publish(name, numbers(1));
    expect(await oldest()).toBe(4);
  },
);

function signal(): { sent: Promise<void>; send: () => void } {
  let send: () => void = () => undefined;
  const sent = new Promise<void>((resolve) => (send = resolve));
  return { sent, send: () => send() };
}

describe.each(Object.entries(ENDS))("a broker on the directory of one that %s", (_, end) => {
  async function first(options: BrokerOptions = {}) {
    const directory = join(await temporaryDirectory(), "data");
    const broker = await testBroker({ ...options, storage: { directory } });
    return {
      broker,
      again: async () => testBroker({ ...options, storage: { directory: await end(broker, directory) } }),
    };
  }

  it("shows everything as it was", async () => {
    const { broker, again } = await first();
    const name = await broker.eventType(hashed(3));
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ p: "a" }, { p: "b" }, { p: "c" }]);
    const paths = [
      `/event-types/${name}`,
      "/event-types",
      `/event-types/${name}/partitions`,
      `/event-types/${name}/schemas`,
      `/event-types/${name}/timelines`,
      `/subscriptions/${id}`,
      "/subscriptions",
      `/subscriptions/${id}/cursors`,
      `/subscriptions/${id}/stats`,
      "/settings/features",
    ];
    const look = async ({ call }: TestBroker) => {
      const answers = [];
      for (const path of paths) answers.push(await call({ path }).then(({ status, text }) => ({ path, status, text })));
      return answers;
    };
    const before = await look(broker);
    for (const { status } of before) expect(status).toBe(200);
    expect(await look(await again())).toEqual(before);
  });

  it("goes on with the same offsets, without a gap", async () => {
    const { broker, again } = await first();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, numbers(3));
    const next = await again();
    await next.publish(name, numbers(2, 4));
    const stream = await next.open(id, { batch_limit: 1, max_uncommitted_events: 10 });
    for (const [index, event] of numbers(5).entries()) {
      const { cursor, events } = await stream.nextEvents();
      expect([cursor.offset, events]).toEqual([`001-0001-${String(index).padStart(18, "0")}`, [event]]);
    }
  });

  it("ends all streams: their ids are invalid, and uncommitted events are delivered again at once", async () => {
    const { broker, again } = await first();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, numbers(4));
    const stream = await broker.open(id, { batch_limit: 2, max_uncommitted_events: 10 });
    const [one, two] = [await stream.nextEvents(), await stream.nextEvents()];
    expect((await broker.commit(id, stream.id, [one.cursor])).status).toBe(204);
    const next = await again();
    const late = await next.commit(id, stream.id, [two.cursor]);
    expect([late.status, late.json]).toEqual([
      422,
      { title: "Unprocessable Entity", status: 422, detail: `Session with stream id ${stream.id} not found` },
    ]);
    const heir = await next.open(id, { batch_limit: 10, batch_flush_timeout: 1 });
    expect((await heir.nextEvents()).events).toEqual(numbers(2, 3));
  });

  it("never shows a new event type what an old one of its name has held", async () => {
    const { broker, again } = await first();
    const name = await broker.eventType();
    await broker.publish(name, numbers(3));
    expect((await broker.call({ method: "DELETE", path: `/event-types/${name}` })).status).toBe(200);
    const next = await again();
    await next.eventType({ name });
    const id = await next.subscription([name]);
    await next.publish(name, numbers(1, 7));
    const stream = await next.open(id, { batch_limit: 10, batch_flush_timeout: 1 });
    const { cursor, events } = await stream.nextEvents();
    expect([cursor.offset, events]).toEqual(["001-0001-000000000000000000", numbers(1, 7)]);
  });

  it("bears a wall clock that jumps an hour, forth while it runs and back when it starts", async () => {
    const clock = new ManualClock();
    const { broker, again } = await first({ clock });
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, numbers(1));
    const stream = await broker.open(id, { batch_limit: 1, max_uncommitted_events: 10 });
    const { cursor } = await stream.nextEvents();
    clock.jumpWall(3_600_000);
    expect((await broker.commit(id, stream.id, [cursor])).status).toBe(204);
    await broker.publish(name, numbers(1, 2));
    expect((await stream.nextEvents()).events).toEqual(numbers(1, 2));
    clock.jumpWall(-7_200_000);
    const next = await again();
    await next.publish(name, numbers(1, 3));
    const heir = await next.open(id, { batch_limit: 1, max_uncommitted_events: 10 });
    expect([(await heir.nextEvents()).events, (await heir.nextEvents()).events]).toEqual([
      numbers(1, 2),
      numbers(1, 3),
    ]);
  });
});

it("a broker that cannot write anything when it starts leaves the directory to the next one", async () => {
  const storage = { directory: join(await temporaryDirectory(), "data") };
  const onFaultPoint = (): never => {
    throw new Error("the disk is full");
  };
  await expect(startBroker({ storage, onFaultPoint })).rejects.toThrow("the disk is full");
  await testBroker({ storage });
});
