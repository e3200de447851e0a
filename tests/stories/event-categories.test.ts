/** Events with metadata, tombstones and events for one subscription, as the client makes them and the broker takes them. */
import { randomUUID } from "node:crypto";
import {
  businessEvents,
  type DataChangeEvent,
  dataChanges,
  type DeliveredMetadata,
  type NakadiClient,
  tombstone,
} from "nakadi-client";
import { describe, expect, it } from "vitest";
import { business } from "../support/event-types.ts";
import { collected } from "../support/collected.ts";
import { ENGINES, nakadiOn } from "../support/engines.ts";

const metadata = {
  eid: expect.any(String),
  occurred_at: expect.any(String),
  received_at: expect.any(String),
  version: "1.0.0",
  published_by: "unauthenticated",
};

async function allOf<E>(nakadi: NakadiClient, name: string): Promise<E[]> {
  const batches = await collected(nakadi.streamEventType<E>(name, { from: "begin", until: "end" }));
  return batches.flatMap(({ events }) => events);
}

describe.each(ENGINES)("on %s:", (engine) => {
  it("business events are stored as they were made, with what the server adds", async () => {
    const { nakadi } = await nakadiOn(engine);
    const { name } = business();
    await nakadi.eventTypes.create(business(name));
    const [made] = [businessEvents<{ n: number }>()({ n: 1 }, { flow_id: "mine", parent_eids: [randomUUID()] })];
    await nakadi.publisher(name).publish([made]);
    const [delivered] = await allOf<{ n: number; metadata: DeliveredMetadata }>(nakadi, name);
    expect(delivered).toEqual({ n: 1, metadata: { ...metadata, ...made.metadata, event_type: name, partition: "0" } });
  });

  it("data changes of each kind are, and tombstones take their keys away without being seen", async () => {
    const { nakadi } = await nakadiOn(engine);
    const { name } = business();
    await nakadi.eventTypes.create({ ...business(name), category: "data", cleanup_policy: "compact" });
    const rows = dataChanges<{ n: number }>("row");
    const key = { partition_compaction_key: "1" };
    const publisher = nakadi.publisher(name);
    await publisher.publish([rows.create({ n: 1 }, key), rows.update({ n: 2 }, key), rows.delete({ n: 2 }, key)]);
    expect((await publisher.delete([tombstone("1")])).verdicts).toMatchObject([{ status: "submitted" }]);
    await publisher.publish([rows.snapshot({ n: 3 }, key)]);
    const delivered = await allOf<DataChangeEvent<{ n: number }>>(nakadi, name);
    expect(delivered.map(({ data_op, data_type, data }) => [data_op, data_type, data.n])).toEqual([
      ["C", "row", 1],
      ["U", "row", 2],
      ["D", "row", 2],
      ["S", "row", 3],
    ]);
    // The tombstone has a place of its own.
    expect(await nakadi.eventTypes.partitions(name)).toMatchObject([
      { newest_available_offset: "001-0001-000000000000000004" },
    ]);
  });

  it("tombstones of an event type that is not compacted are rejected, and none is stored", async () => {
    const { nakadi, eventType } = await nakadiOn(engine);
    const name = await eventType();
    const { verdicts } = await nakadi
      .publisher(name, { throwOn: "never" })
      .delete([tombstone("1", { key: "a" }), tombstone("2", { key: "b" })]);
    expect(verdicts.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await allOf(nakadi, name)).toEqual([]);
  });

  it("events for one subscription are read by that one alone", async () => {
    const { nakadi, eventType, subscription } = await nakadiOn(engine);
    const name = await eventType();
    const [mine, other] = [await subscription(name), await subscription(name)];
    await nakadi.publisher(name, { consumerSubscriptionId: mine }).publish([{ key: "a", n: 1 }]);
    await nakadi.publisher(name).publish([{ key: "a", n: 2 }]);
    const seen = async (id: string): Promise<number[]> => {
      const numbers: number[] = [];
      const stream = nakadi.stream<{ n: number }>(id, { batchFlushTimeoutSeconds: 1 });
      for await (const batch of stream) {
        numbers.push(...batch.events.map(({ n }) => n));
        if (numbers.includes(2)) break;
      }
      return numbers;
    };
    expect(await Promise.all([seen(mine), seen(other)])).toEqual([[1, 2], [2]]);
    expect(await allOf(nakadi, name)).toEqual([{ key: "a", n: 2 }]);
  });
});
