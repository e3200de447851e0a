import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import type { Answer } from "./http-client.ts";
import { hashed, manualBroker, testBroker, type TestBroker } from "./test-broker.ts";

/** Allows reading, except for forbidden event types. */
function forbidding(): { authorizer: Authorizer; forbidden: Set<string> } {
  const forbidden = new Set<string>();
  return {
    authorizer: { allows: async (_subject, operation, { name }) => operation !== "READ" || !forbidden.has(name) },
    forbidden,
  };
}

async function touch({ call }: TestBroker, name: string): Promise<void> {
  const path = `/event-types/${name}`;
  const { json } = await call({ path });
  expect((await call({ method: "PUT", path, json })).status).toBe(200);
}

const detailOf = ({ json }: Answer): unknown => (json as { detail: unknown }).detail;

describe("a stream ends without a word", () => {
  it("when an event type of its subscription may not be read any more, even one of which another stream has the partition", async () => {
    const { authorizer, forbidden } = forbidding();
    const broker = await testBroker({ authorizer });
    const [one, two] = [await broker.eventType({ name: "a" }), await broker.eventType({ name: "b" })];
    const id = await broker.subscription([one, two]);
    const stream = await broker.openDirect(id, { partitions: [{ event_type: one, partition: "0" }] });
    await broker.publish(one, [{ n: 1 }]);
    await stream.nextEvents();
    await touch(broker, two);
    forbidden.add(two);
    await touch(broker, two);
    expect(await stream.rest()).toEqual([]);
    const again = await broker.call({ path: `/subscriptions/${id}/events` });
    expect([again.status, detailOf(again)]).toEqual([403, `Access on READ event-type:${two} denied`]);
  });

  it("when the permission to read was removed without a hint", async () => {
    const { authorizer, forbidden } = forbidding();
    const broker = await manualBroker({ authorizer });
    const name = await broker.eventType();
    const stream = await broker.open(await broker.subscription([name]));
    forbidden.add(name);
    broker.clock.advance(5_000);
    expect(await stream.rest()).toEqual([]);
  });

  it("not when the subscription's authorization changes", async () => {
    const { authorizer, forbidden } = forbidding();
    const broker = await manualBroker({ authorizer });
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    const stream = await broker.open(id);
    forbidden.add(id);
    broker.clock.advance(30_000);
    expect((await stream.next()).info?.debug).toBe("Stream started");
  });

  it("when its event type is deleted together with its subscription", async () => {
    const broker = await testBroker();
    const name = await broker.eventType(hashed(2));
    const id = await broker.subscription([name]);
    const streams = [await broker.open(id), await broker.open(id)];
    const json = { feature: "delete_event_type_with_subscriptions", enabled: true };
    await broker.call({ method: "POST", path: "/settings/features", json });
    expect((await broker.call({ method: "DELETE", path: `/event-types/${name}` })).status).toBe(200);
    for (const stream of streams) expect(await stream.rest()).toEqual([]);
    expect((await broker.call({ path: `/subscriptions/${id}/events` })).status).toBe(404);
  });

  it("when its subscription is deleted, with commits of it refused from then on", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 1 }]);
    const stream = await broker.open(id);
    const { cursor } = await stream.nextEvents();
    expect((await broker.call({ method: "DELETE", path: `/subscriptions/${id}` })).status).toBe(204);
    expect((await broker.commit(id, stream.id, [cursor])).status).toBe(404);
    expect(await stream.rest()).toEqual([]);
  });

  it("when it owns nothing and is about to get nothing for twice its commit timeout", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType(hashed(2));
    const id = await broker.subscription([name]);
    const automatic = await broker.open(id, { commit_timeout: 5, batch_flush_timeout: 60 });
    const both = ["0", "1"].map((partition) => ({ event_type: name, partition }));
    await broker.openDirect(id, { partitions: both, batch_flush_timeout: 60 });
    const taken = async (): Promise<string> => (await broker.call({ path: `/subscriptions/${id}/stats` })).text;
    await expect.poll(taken).not.toContain(automatic.id);
    broker.clock.advance(9_999);
    expect(automatic.waiting).toBe(0);
    broker.clock.advance(1);
    expect(await automatic.rest()).toEqual([]);
  });
});
