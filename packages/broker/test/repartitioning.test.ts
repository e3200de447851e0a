import { describe, expect, it } from "vitest";
import type { TestBroker } from "./test-broker.ts";
import { hashed, manualBroker, testBroker } from "./test-broker.ts";

function grow({ call }: TestBroker, name: string, partition_count: unknown) {
  return call({ method: "PUT", path: `/event-types/${name}/partition-count`, json: { partition_count } });
}

describe("more partitions", () => {
  it("are refused with what is wrong, never with a 500", async () => {
    const broker = await testBroker();
    const name = await broker.eventType(hashed(2));
    expect((await grow(broker, "nonsense", 3)).status).toBe(404);
    expect(await grow(broker, name, 1)).toMatchObject({
      status: 422,
      json: { detail: expect.stringContaining("decrease") },
    });
    expect(await grow(broker, name, 9)).toMatchObject({
      status: 422,
      json: { detail: expect.stringContaining("than 8") },
    });
    expect((await grow(broker, name, undefined)).status).toBe(422);
    expect((await grow(broker, name, "three")).status).toBe(400);
    expect((await grow(broker, name, 2)).status).toBe(204);
  });

  it("wait for what streams have not committed, and for no longer than that", async () => {
    const broker = await testBroker();
    const { publish, subscription, open, commit, call } = broker;
    const name = await broker.eventType(hashed(2));
    const id = await subscription([name]);
    await publish(name, [{ p: "0" }]);
    const stream = await open(id);
    const { cursor } = await stream.nextEvents();
    let answered = false;
    const growing = grow(broker, name, 3).finally(() => (answered = true));
    expect((await stream.next()).info?.debug).toBe("Resetting subscription cursors");
    expect(answered).toBe(false);
    expect((await commit(id, stream.id, [cursor])).status).toBe(204);
    expect(await stream.rest()).toEqual([]);
    expect((await growing).status).toBe(204);
    const { json } = await call({ path: `/subscriptions/${id}/cursors` });
    expect((json as { items: { partition: string; offset: string }[] }).items).toMatchObject([
      { partition: "0", offset: cursor.offset },
      { partition: "1", offset: "001-0001--1" },
      { partition: "2", offset: "001-0001--1" },
    ]);
  });

  it("leave streams alone that know them already, when they are asked for again", async () => {
    const { clock, ...broker } = await manualBroker();
    const name = await broker.eventType(hashed(2));
    const id = await broker.subscription([name]);
    const stream = await broker.open(id, { batch_flush_timeout: 1 });
    expect((await grow(broker, name, 2)).status).toBe(204);
    clock.advance(1_000);
    expect((await stream.next()).info?.debug).toBe("Stream started");
  });

  it("fix the positions of an unused subscription", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name], { read_from: "end" });
    await broker.publish(name, [{ n: 1 }]);
    await grow(broker, name, 2);
    await broker.publish(name, [{ n: 2 }]);
    const stream = await broker.open(id);
    expect((await stream.nextEvents()).events).toEqual([{ n: 2 }]);
  });

  it("begin with the timeline in which they were added, and are read from their beginning", async () => {
    const broker = await testBroker();
    const { call, publish } = broker;
    const name = await broker.eventType(hashed(1));
    const id = await broker.subscription([name], { read_from: "end" });
    await call({ method: "PATCH", path: `/subscriptions/${id}/cursors`, json: { items: [] } });
    await call({ method: "POST", path: `/event-types/${name}/timelines`, json: { storage_id: "default" } });
    await grow(broker, name, 4);
    await publish(name, [{ p: "0" }, { p: "1" }, { p: "2" }, { p: "3" }]);
    const stream = await broker.open(id);
    const lines = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
    expect(new Set(lines.map(({ cursor }) => cursor.partition))).toEqual(new Set(["0", "1", "2", "3"]));
    expect(new Set(lines.map(({ cursor }) => cursor.offset))).toEqual(new Set(["001-0002-000000000000000000"]));
    const partitions = await call({ path: `/event-types/${name}/partitions` });
    expect((partitions.json as { oldest_available_offset: string }[])[3]?.oldest_available_offset).toBe(
      "001-0002-000000000000000000",
    );
  });
});
