/** What happens to streams when the network does its worst; each story proves that its fault hit an open stream. */
import type { BrokerOptions } from "nakadi-broker";
import { NakadiClient, type BatchStream, type NakadiError, type StreamOptions } from "nakadi-client";
import { ManualClock } from "nakadi-protocol";
import { FaultProxy } from "nakadi-testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { leavesNothing } from "../support/leaks.ts";
import { testNakadi, type TestNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  n: number;
}

interface Story extends TestNakadi {
  proxy: FaultProxy;
  name: string;
  id: string;
  /** A stream through the proxy. */
  stream: BatchStream<Numbered>;
  retries: NakadiError[];
  publish: (from: number, count: number) => Promise<void>;
  /** Reads and commits until every number below `count` has come; says how often each came after its commit was taken. */
  consumeAll: (count: number) => Promise<{ committedAgain: number }>;
}

/** Short timeouts, so that what a dead session held comes back within a second. */
const QUICK: StreamOptions = {
  batchLimit: 5,
  maxUncommittedEvents: 50,
  batchFlushTimeoutSeconds: 1,
  commitTimeoutSeconds: 1,
  idleGraceMs: 0,
  commitRetry: { maxElapsedMs: 3_000 },
};

type Kind = "a subscription" | "an event type";
const KINDS: Kind[] = ["a subscription", "an event type"];

async function story(
  options: StreamOptions = {},
  partitions = 2,
  kind: Kind = "a subscription",
  broker: BrokerOptions = {},
): Promise<Story> {
  const test = await testNakadi(broker);
  const proxy = await FaultProxy.start(test.broker.url);
  const nakadi = new NakadiClient({ baseUrl: proxy.url, requestTimeoutMs: 2_000 });
  onTestFinished(async () => {
    await nakadi.close();
    await proxy.close();
  });
  const name = await test.eventType(partitions);
  const id = await test.subscription(name);
  const retries: NakadiError[] = [];
  const onRetry = (error: NakadiError): void => void retries.push(error);
  const stream =
    kind === "a subscription"
      ? nakadi.stream<Numbered>(id, { ...QUICK, onRetry, ...options })
      : nakadi.streamEventType<Numbered>(name, {
          from: "begin",
          batchLimit: 5,
          batchFlushTimeoutSeconds: 1,
          idleGraceMs: 0,
          onRetry,
        });
  await expect.poll(() => stream.state).toBe("streaming");
  return {
    ...test,
    proxy,
    name,
    id,
    stream,
    retries,
    async publish(from, count) {
      const events = Array.from({ length: count }, (_, index) => ({ key: String(index % 7), n: from + index }));
      await test.nakadi.publisher<Numbered>(name).publish(events);
    },
    async consumeAll(count) {
      const seen = new Set<number>();
      const committed = new Set<number>();
      let committedAgain = 0;
      while (seen.size < count) {
        const batch = await stream.nextBatch();
        if (!batch) throw new Error("the stream is closed");
        for (const { n } of batch.events) {
          if (committed.has(n)) committedAgain += 1;
          seen.add(n);
        }
        await stream.commit(batch).then(
          () => batch.events.forEach(({ n }) => committed.add(n)),
          () => undefined,
        );
      }
      return { committedAgain };
    },
  };
}

describe.each(KINDS)("a stream of %s loses no event, and repeats no committed one, when", (kind) => {
  it("everything is late and narrow", async () => {
    const { proxy, publish, consumeAll, retries } = await story({}, 2, kind);
    proxy.delay(5, { jitterMs: 20 });
    proxy.limitBandwidth(200_000);
    await publish(0, 100);
    expect(await consumeAll(100)).toEqual({ committedAgain: 0 });
    expect([proxy.hits("delay").streams, retries]).toEqual([1, []]);
  });

  it("connections are cut again and again", async () => {
    const { proxy, publish, consumeAll, stream } = await story({}, 2, kind);
    let hit = 0;
    const cutting = (async () => {
      for (let round = 0; round < 5; round += 1) {
        await publish(round * 20, 20);
        await expect.poll(() => proxy.openStreams).toBeGreaterThan(0);
        proxy.cut();
        hit = proxy.hits("cut").streams;
      }
    })();
    expect(await consumeAll(100)).toEqual({ committedAgain: 0 });
    await cutting;
    expect(hit).toBe(5);
    expect(stream.state).not.toBe("failed");
  });

  it("a connection is cut inside a line", async () => {
    const { proxy, publish, consumeAll } = await story({}, 2, kind);
    proxy.cutInsideLine();
    await publish(0, 50);
    expect(await consumeAll(50)).toEqual({ committedAgain: 0 });
    expect(proxy.hits("cutInsideLine").streams).toBe(1);
  });

  it("a connection is cut after a number of bytes", async () => {
    const { proxy, publish, consumeAll } = await story({}, 2, kind);
    proxy.cutAfter(1_500);
    await publish(0, 50);
    expect(await consumeAll(50)).toEqual({ committedAgain: 0 });
    expect(proxy.hits("cutAfter").streams).toBe(1);
  });

  it("connections are reset", async () => {
    const { proxy, publish, consumeAll } = await story({}, 2, kind);
    await publish(0, 50);
    proxy.reset();
    expect(await consumeAll(50)).toEqual({ committedAgain: 0 });
    expect(proxy.hits("reset").streams).toBe(1);
  });

  it("a connection stalls for a while", async () => {
    const { proxy, publish, consumeAll, stream, retries } = await story({}, 2, kind);
    proxy.stall();
    await publish(0, 20);
    proxy.resume();
    expect(await consumeAll(20)).toEqual({ committedAgain: 0 });
    expect([proxy.hits("stall").streams, stream.state, retries]).toEqual([1, "streaming", []]);
  });

  it("a connection is half-open: silence is detected, and the events that were under way are delivered again", async () => {
    const { proxy, publish, consumeAll, retries } = await story({}, 2, kind);
    proxy.halfOpen();
    await publish(0, 50);
    expect(await consumeAll(50)).toEqual({ committedAgain: 0 });
    expect(proxy.hits("halfOpen").streams).toBe(1);
    expect(retries.map(({ code }) => code)).toContain("TIMEOUT");
  });

  it("the server cannot be reached for a while", async () => {
    const { proxy, publish, consumeAll, retries } = await story({}, 2, kind);
    proxy.refuse();
    proxy.cut();
    await expect.poll(() => retries.length).toBeGreaterThan(5);
    await publish(0, 50);
    proxy.accept();
    expect(await consumeAll(50)).toEqual({ committedAgain: 0 });
    expect([proxy.hits("cut").streams, proxy.hits("refuse").connections > 4]).toEqual([1, true]);
  });
});

describe("a dead session", () => {
  it("delivers no event more: the next one delivers the events of the queue again, once", async () => {
    const { proxy, publish, stream, retries } = await story({ batchLimit: 1, bufferedBatches: 50 }, 1);
    await publish(0, 10);
    const first = await stream.nextBatch();
    proxy.cut();
    await expect.poll(() => retries.length).toBe(1);
    const second = await stream.nextBatch();
    expect([first?.events[0]?.n, second?.events[0]?.n]).toEqual([0, 0]);
    expect(second?.streamId).not.toBe(first?.streamId);
    expect(proxy.hits("cut").streams).toBe(1);
  });
});

describe("closing", () => {
  it("frees the slot at once, even while batches wait that are not taken or committed", async () => {
    // The server's commit timeout is a minute here, longer than any test may take.
    const { publish, stream, nakadi, id } = await story({ commitTimeoutSeconds: 60 }, 1);
    await publish(0, 50);
    await stream.nextBatch();
    await stream.close();
    const next = nakadi.stream<Numbered>(id, QUICK);
    expect((await next.nextBatch())?.events[0]?.n).toBe(0);
    await next.close();
  });

  it("frees the slot within a second, by the server's clock, also in the middle of a line on a narrow connection", async () => {
    // Time stands still for the server, so nothing but the end of the connection can free the slot.
    const clock = new ManualClock();
    const { proxy, nakadi, stream, publish, id } = await story({}, 1, "a subscription", { clock });
    proxy.limitBandwidth(100);
    await publish(0, 50);
    await stream.close();
    const next = nakadi.stream<Numbered>(id, { ...QUICK, commitTimeoutSeconds: 60 });
    expect((await next.nextBatch())?.events[0]?.n).toBe(0);
    expect([proxy.hits("bandwidth").streams, clock.monotonicMs()]).toEqual([1, 0]);
  });

  it.each(KINDS)("leaves no socket, timer or listener after 500 reconnects of a stream of %s", async (kind) => {
    const { broker, eventType, subscription } = await testNakadi();
    const name = await eventType(1);
    const id = await subscription(name);
    await leavesNothing(async () => {
      const proxy = await FaultProxy.start(broker.url);
      const nakadi = new NakadiClient({ baseUrl: proxy.url });
      let opened = 0;
      const options = { retry: { initialDelayMs: 1, maxDelayMs: 2 }, onHealthy: () => (opened += 1) };
      const stream = kind === "a subscription" ? nakadi.stream(id, options) : nakadi.streamEventType(name, options);
      while (opened < 500) {
        const before = opened;
        await expect.poll(() => opened > before || proxy.openStreams > 0, { interval: 1 }).toBe(true);
        proxy.cut();
      }
      expect(proxy.hits("cut").streams).toBeGreaterThanOrEqual(400);
      await stream.close();
      await nakadi.close();
      await proxy.close();
    });
  });
});
