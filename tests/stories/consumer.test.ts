/** `nakadi.consume` with a real broker. */
import { describe, expect, it } from "vitest";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  n: number;
}

const numbered = (count: number, keys = 1): Numbered[] =>
  Array.from({ length: count }, (_, n) => ({ key: String(n % keys), n }));

describe("a consumer", () => {
  it("handles and commits every event, in order within each lane", async () => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType(4);
    const id = await subscription(name);
    await nakadi.publisher<Numbered>(name).publish(numbered(1_000, 8));
    const seen = new Map<string, number[]>();
    let count = 0;
    const consumer = nakadi.consume<Numbered>(
      id,
      {
        async onBatch({ events }, { lane }) {
          seen.set(lane.partition, [...(seen.get(lane.partition) ?? []), ...events.map(({ n }) => n)]);
          count += events.length;
        },
      },
      { batchLimit: 50, maxUncommittedEvents: 200, batchFlushTimeoutSeconds: 1 },
    );
    await expect.poll(() => count).toBe(1_000);
    const report = await consumer.stop();
    expect(report).toMatchObject({ events: 1_000, abandoned: [], drained: true });
    for (const lane of seen.values()) expect(lane).toEqual(lane.toSorted((a, b) => a - b));
    const stats = await nakadi.subscriptions.stats(id);
    expect(stats.flatMap(({ partitions }) => partitions.map((one) => one.unconsumed_events))).toEqual([0, 0, 0, 0]);
  });
});
