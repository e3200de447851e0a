/** Brokers that are given one engine are the nodes of one server. */
import { systemClock } from "nakadi-protocol";
import { MemoryEngine } from "nakadi-storage";
import { expect, it } from "vitest";
import { testBroker } from "./test-broker.ts";

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
