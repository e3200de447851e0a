/** As many partitions as the broker allows, with names as long as they may be: every list of positions fits its request. */
import { randomUUID } from "node:crypto";
import type { PartitionCursor } from "nakadi-client";
import { describe, expect, it } from "vitest";
import { type EngineName, ENGINES, nakadiOn } from "../support/engines.ts";

const PARTITIONS = 1_000;
const LONGEST_NAME = 255;

async function wide(engine: EngineName) {
  const limits = { maxPartitions: PARTITIONS, maxSubscriptionPartitions: PARTITIONS };
  const { nakadi } = await nakadiOn(engine, { limits });
  const name = `test.${randomUUID()}.`.padEnd(LONGEST_NAME, "x");
  await nakadi.eventTypes.create({
    name,
    owning_application: "test",
    category: "undefined",
    partition_strategy: "random",
    schema: { type: "json_schema", schema: "{}" },
    default_statistic: {
      messages_per_minute: 1,
      message_size: 1,
      read_parallelism: PARTITIONS,
      write_parallelism: PARTITIONS,
    },
  });
  await nakadi.publisher(name).publish(Array.from({ length: 3_000 }, (_, n) => ({ n })));
  return { nakadi, name };
}

describe.each(ENGINES)("an event type of 1,000 partitions on %s", (engine) => {
  it("is read, searched and measured without a subscription", async () => {
    const { nakadi, name } = await wide(engine);
    let found = 0;
    for await (const { event } of nakadi.search(name, () => true)) found += event ? 1 : 0;
    expect(found).toBe(3_000);

    const partitions = await nakadi.eventTypes.partitions(name);
    const ends: PartitionCursor[] = partitions.map((one) => ({
      partition: one.partition,
      offset: one.newest_available_offset,
    }));
    const begins = ends.map(({ partition }) => ({ partition, offset: "BEGIN" }));
    const asked = await nakadi.eventTypes.partitions(name, { cursors: ends });
    expect(asked.map(({ unconsumed_events }) => unconsumed_events)).toEqual(ends.map(() => 0));
    const distances = await nakadi.eventTypes.distances(
      name,
      ends.map((end, index) => ({ initial_cursor: begins[index] ?? end, final_cursor: end })),
    );
    expect(distances.reduce((sum, { distance }) => sum + distance, 0)).toBe(3_000);
    expect(await nakadi.eventTypes.shift(name, ends)).toEqual(ends);
    expect(await nakadi.eventTypes.lag(name, ends)).toHaveLength(PARTITIONS);

    const stream = nakadi.streamEventType(name, { from: ends, batchFlushTimeoutSeconds: 1 });
    await nakadi.publisher(name).publish([{ n: 3_000 }]);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 3_000 }]);
    await stream.close();
  });

  it("is read whole by one stream that names each partition, committed, counted and reset", async () => {
    const { nakadi, name } = await wide(engine);
    const { id } = await nakadi.subscriptions.ensure({
      owning_application: `test-${randomUUID()}`,
      event_types: [name],
      read_from: "begin",
    });
    const partitions = Array.from({ length: PARTITIONS }, (_, n) => ({ event_type: name, partition: String(n) }));
    const stream = nakadi.stream(id, {
      partitions,
      batchLimit: 100,
      maxUncommittedEvents: 10_000,
      batchFlushTimeoutSeconds: 1,
    });
    const batches = [];
    for (let events = 0; events < 3_000;) {
      const batch = await stream.nextBatch();
      if (!batch) break;
      events += batch.events.length;
      batches.push(batch);
    }
    expect(await stream.commit(batches)).toMatchObject({ result: "committed" });
    await stream.close();
    const [{ partitions: counted } = { partitions: [] }] = await nakadi.subscriptions.stats(id);
    expect([counted.length, counted.filter((one) => one.unconsumed_events !== 0)]).toEqual([PARTITIONS, []]);
    await nakadi.subscriptions.resetCursors(id, "begin");
    expect((await nakadi.subscriptions.cursors(id)).length).toBe(PARTITIONS);
  });
});
