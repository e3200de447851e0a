import { describe, expect, it } from "vitest";
import { manualBroker, testBroker, type TestBroker } from "./test-broker.ts";

const REDRIVE = "nakadi.dead.letter.redrive";

async function redrive({ call }: TestBroker, subscription: string, events: readonly unknown[]): Promise<void> {
  const headers = { "x-consumer-tag": `consumer_subscription_id=${subscription}` };
  const answer = await call({ method: "POST", path: `/event-types/${REDRIVE}/events`, headers, json: events });
  expect(answer.status).toBe(200);
}

interface Cursors {
  items: { event_type: string; partition: string; offset: string }[];
}

async function cursorsOf({ call }: TestBroker, subscription: string): Promise<string[]> {
  const { json } = await call({ path: `/subscriptions/${subscription}/cursors` });
  return (json as Cursors).items.map(({ event_type, partition, offset }) => `${event_type}:${partition} ${offset}`);
}

/** Lets time pass until the subscription reads redriven events. */
async function attached(broker: Awaited<ReturnType<typeof manualBroker>>, subscription: string): Promise<void> {
  const texts = async (): Promise<string> => {
    broker.clock.advance(1_000);
    return (await cursorsOf(broker, subscription)).join();
  };
  await expect.poll(texts).toContain(REDRIVE);
}

describe("events that are redriven", () => {
  it("come to the subscription that they are tagged for, through streams that were open before, and can be committed", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    const other = await broker.subscription([name]);
    await broker.eventType({ name: REDRIVE });
    const stream = await broker.open(id);
    await broker.open(other);
    await redrive(broker, id, [{ n: 1 }]);
    await attached(broker, id);
    const line = await stream.nextEvents();
    expect(line).toMatchObject({ cursor: { event_type: REDRIVE, partition: "0" }, events: [{ n: 1 }] });
    expect((await broker.commit(id, stream.id, [line.cursor])).status).toBe(204);
    expect(await cursorsOf(broker, id)).toEqual([`${name}:0 001-0001--1`, `${REDRIVE}:0 ${line.cursor.offset}`]);
    expect(await cursorsOf(broker, other)).toEqual([`${name}:0 001-0001--1`]);
    // It stays attached: what comes later is seen at once.
    await redrive(broker, other, [{ n: 2 }]);
    await redrive(broker, id, [{ n: 3 }]);
    expect(await stream.nextEvents()).toMatchObject({ events: [{ n: 3 }] });
  });

  it("are of an event type that statistics do not show, that cannot be reset and that has to stay", async () => {
    const broker = await manualBroker();
    const { call } = broker;
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.eventType({ name: REDRIVE });
    await broker.open(id);
    await redrive(broker, id, [{ n: 1 }]);
    await attached(broker, id);
    const stats = (await call({ path: `/subscriptions/${id}/stats` })).json as { items: { event_type: string }[] };
    expect(stats.items.map((item) => item.event_type)).toEqual([name]);
    const items = [{ event_type: REDRIVE, partition: "0", offset: "BEGIN" }];
    const reset = await call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items } });
    expect([reset.status, reset.text]).toEqual([
      422,
      expect.stringContaining(`Event type does not belong to subscription: [${REDRIVE}]`),
    ]);
    expect((await call({ method: "DELETE", path: `/event-types/${REDRIVE}` })).status).toBe(409);
    await call({ method: "DELETE", path: `/subscriptions/${id}` });
    expect((await call({ method: "DELETE", path: `/event-types/${REDRIVE}` })).status).toBe(200);
  });

  it("wait for an unused subscription, whose positions they do not fix", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name], { read_from: "end" });
    await broker.eventType({ name: REDRIVE });
    await redrive(broker, id, [{ n: 1 }]);
    await redrive(broker, "7b7c7100-0559-11e6-a837-0800200c9a66", [{ n: 2 }]);
    await expect.poll(() => broker.clock.pending).toBeGreaterThan(0);
    broker.clock.advance(1_000);
    await broker.publish(name, [{ n: 0 }]);
    expect(await cursorsOf(broker, id)).toEqual([]);
    const stream = await broker.open(id);
    await attached(broker, id);
    expect(await stream.nextEvents()).toMatchObject({ cursor: { event_type: REDRIVE }, events: [{ n: 1 }] });
    expect((await cursorsOf(broker, id))[0]).toBe(`${name}:0 001-0001-000000000000000000`);
  });

  it("are events like any other where a subscription names their event type", async () => {
    const broker = await testBroker();
    const name = await broker.eventType({ name: REDRIVE });
    const stream = await broker.open(await broker.subscription([name]));
    await broker.publish(name, [{ n: 1 }]);
    expect(await stream.nextEvents()).toMatchObject({ events: [{ n: 1 }] });
  });
});
