import { NakadiClient } from "nakadi-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { cuttingRelay } from "../support/cutting-relay.ts";
import { leavesNothing } from "../support/leaks.ts";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  n: number;
}

const numbered = (count: number, keys = 1): Numbered[] =>
  Array.from({ length: count }, (_, n) => ({ key: String(n % keys), n }));

describe("a stream of a subscription", () => {
  it("reads and commits every event, in order within each partition", async () => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType(4);
    const id = await subscription(name);
    await nakadi.publisher<Numbered>(name).publish(numbered(1_000, 8));
    const stream = nakadi.stream<Numbered>(id, {
      batchLimit: 50,
      maxUncommittedEvents: 200,
      batchFlushTimeoutSeconds: 1,
    });
    const seen = new Map<string, number[]>();
    let count = 0;
    for await (const batch of stream) {
      const lane = seen.get(batch.cursor.partition) ?? [];
      seen.set(batch.cursor.partition, [...lane, ...batch.events.map(({ n }) => n)]);
      expect((await stream.commit(batch)).result).toBe("committed");
      count += batch.events.length;
      if (count === 1_000) break;
    }
    for (const lane of seen.values()) expect(lane).toEqual(lane.toSorted((a, b) => a - b));
    expect(new Set([...seen.values()].flat()).size).toBe(1_000);
    const stats = await nakadi.subscriptions.stats(id);
    expect(stats.flatMap(({ partitions }) => partitions.map((one) => one.unconsumed_events))).toEqual([0, 0, 0, 0]);
  });

  it("reconnects when its connection is cut, and nothing is lost or committed twice", async () => {
    const { broker, nakadi, eventType, subscription } = await testNakadi({ limits: { maxCommitTimeoutSeconds: 1 } });
    const name = await eventType();
    const id = await subscription(name);
    const relay = await cuttingRelay(broker.url);
    const throughRelay = new NakadiClient({ baseUrl: relay.url });
    onTestFinished(() => throughRelay.close());
    await nakadi.publisher<Numbered>(name).publish(numbered(60));
    const stream = throughRelay.stream<Numbered>(id, { batchLimit: 5, batchFlushTimeoutSeconds: 1, commitRetry: true });
    const committed: number[] = [];
    let hits = 0;
    for await (const batch of stream) {
      try {
        await stream.commit(batch);
        committed.push(...batch.events.map(({ n }) => n));
      } catch {
        // The outcome of a commit that the cut hits is unknown: its events may be delivered again.
      }
      if (committed.length % 20 === 0 && hits < 2) hits += relay.cut() > 0 ? 1 : 0;
      if (batch.events.at(-1)?.n === 59) break;
    }
    expect(hits).toBe(2);
    expect(new Set(committed).size).toBe(committed.length);
    expect(committed.toSorted((a, b) => a - b).at(-1)).toBe(59);
  });

  it("leaves no socket and no timer behind, and frees its slot", async () => {
    const { broker, eventType, subscription } = await testNakadi();
    const id = await subscription(await eventType());
    for (let round = 0; round < 3; round += 1) {
      await leavesNothing(async () => {
        const nakadi = new NakadiClient({ baseUrl: broker.url });
        const opened = new Promise<void>((resolve) => {
          const stream = nakadi.stream(id, { onHealthy: resolve });
          onTestFinished(() => stream.close());
        });
        await opened;
        await nakadi.close();
      });
    }
  });
});

describe("many consumers", () => {
  it("100 on 100 subscriptions run to lag 0 on one broker", async () => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType(2);
    const ids = await Promise.all(Array.from({ length: 100 }, () => subscription(name)));
    const events = numbered(200, 10);
    await nakadi.publisher<Numbered>(name).publish(events);
    await Promise.all(
      ids.map(async (id) => {
        const stream = nakadi.stream<Numbered>(id, {
          batchLimit: 20,
          maxUncommittedEvents: 100,
          batchFlushTimeoutSeconds: 1,
        });
        let seen = 0;
        for await (const batch of stream) {
          await stream.commit(batch);
          seen += batch.events.length;
          if (seen >= events.length) break;
        }
      }),
    );
    const lags = await Promise.all(ids.map((id) => nakadi.subscriptions.stats(id)));
    const left = lags.flat().flatMap(({ partitions }) => partitions.map((one) => one.unconsumed_events ?? Number.NaN));
    expect(left).toHaveLength(200);
    expect(left.every((one) => one === 0)).toBe(true);
  });
});
