/** `nakadi.consume` with a real broker, and a network that breaks. */
import { type ConsumerOptions, type DeadLetter, NakadiClient, toEventType } from "nakadi-client";
import { FaultProxy } from "nakadi-testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { uncategorized } from "../support/event-types.ts";
import { testNakadi } from "../support/nakadi.ts";

interface Numbered {
  key: string;
  n: number;
}

const numbered = (count: number, keys = 1): Numbered[] =>
  Array.from({ length: count }, (_, n) => ({ key: String(n % keys), n }));

/** Short timeouts, so that what a dead session held comes back within a second. */
const QUICK: ConsumerOptions<Numbered> = {
  batchLimit: 5,
  maxUncommittedEvents: 50,
  batchFlushTimeoutSeconds: 1,
  commitTimeoutSeconds: 1,
  idleGraceMs: 0,
};

/** A busy machine takes its time. */
const PATIENT = { timeout: 20_000 };

/** What was handled, by partition, in order. */
class Journal {
  readonly lanes = new Map<string, number[]>();
  count = 0;

  note(partition: string, ns: readonly number[]): void {
    this.lanes.set(partition, [...(this.lanes.get(partition) ?? []), ...ns]);
    this.count += ns.length;
  }

  get seen(): Set<number> {
    return new Set([...this.lanes.values()].flat());
  }

  /** Events of a lane that came although a later one of it had been handled, leaving out those that came again. */
  get overtaken(): number {
    return [...this.lanes.values()]
      .map((ns) => ns.filter((n, index) => ns.indexOf(n) === index))
      .filter((ns) => ns.some((n, index) => index > 0 && n < (ns[index - 1] ?? 0))).length;
  }
}

describe("a consumer", () => {
  it("handles and commits every event, in order within each lane", async () => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType(4);
    const id = await subscription(name);
    await nakadi.publisher<Numbered>(name).publish(numbered(1_000, 8));
    const journal = new Journal();
    const consumer = nakadi.consume<Numbered>(
      id,
      {
        onBatch: ({ events }, { lane }) =>
          journal.note(
            lane.partition,
            events.map(({ n }) => n),
          ),
      },
      { batchLimit: 50, maxUncommittedEvents: 200, batchFlushTimeoutSeconds: 1 },
    );
    await expect.poll(() => journal.count, PATIENT).toBe(1_000);
    const report = await consumer.stop();
    expect(report).toMatchObject({ events: 1_000, abandoned: [], drained: true });
    for (const lane of journal.lanes.values()) expect(lane).toEqual(lane.toSorted((a, b) => a - b));
    expect(await unconsumed(nakadi, id)).toEqual([0, 0, 0, 0]);
  });

  it.each(["cut", "reset", "cutInsideLine", "halfOpen"] as const)(
    "loses nothing, overtakes nothing and handles nothing again that was committed, when connections are hit by %s",
    async (fault) => {
      const { broker, nakadi, eventType, subscription } = await testNakadi();
      const name = await eventType(3);
      const id = await subscription(name);
      const proxy = await FaultProxy.start(broker.url);
      const through = new NakadiClient({ baseUrl: proxy.url, requestTimeoutMs: 1_000 });
      onTestFinished(async () => {
        await through.close();
        await proxy.close();
      });
      const journal = new Journal();
      const consumer = through.consume<Numbered>(
        id,
        {
          onBatch: ({ events }, { lane }) =>
            journal.note(
              lane.partition,
              events.map(({ n }) => n),
            ),
        },
        QUICK,
      );
      const rounds = fault === "halfOpen" ? 1 : 4;
      for (let round = 0; round < rounds; round += 1) {
        await expect.poll(() => proxy.openStreams, PATIENT).toBeGreaterThan(0);
        proxy[fault]();
        await nakadi
          .publisher<Numbered>(name)
          .publish(numbered(60, 6).map(({ key, n }) => ({ key, n: n + 60 * round })));
        if (fault !== "cutInsideLine") proxy[fault]();
        await expect.poll(() => journal.seen.size, PATIENT).toBe(60 * (round + 1));
      }
      const report = await consumer.stop();
      expect([report.abandoned, journal.overtaken, await unconsumed(nakadi, id)]).toEqual([[], 0, [0, 0, 0]]);
      expect(proxy.hits(fault).streams).toBeGreaterThanOrEqual(rounds);
    },
  );

  it("sends what cannot be handled to an event type, with everything that is known of it, and goes on", async () => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType(2);
    const dead = `${name}.dead`;
    await nakadi.eventTypes.create(uncategorized(dead));
    const [id, ofDead] = [await subscription(name), await subscription(dead)];
    await nakadi.publisher<Numbered>(name).publish(numbered(100, 4));
    const poison = (n: number): boolean => n % 33 === 7;
    const journal = new Journal();
    const consumer = nakadi.consume<Numbered>(id, {
      onBatch({ events }, { lane }) {
        if (events.some(({ n }) => poison(n))) throw new Error("poison");
        journal.note(
          lane.partition,
          events.map(({ n }) => n),
        );
      },
      batchLimit: 20,
      maxUncommittedEvents: 100,
      batchFlushTimeoutSeconds: 1,
      failure: {
        retry: { attempts: 2, initialDelayMs: 1, maxDelayMs: 1 },
        onExhausted: "dead-letter",
        deadLetter: toEventType(dead),
      },
    });
    await expect.poll(() => journal.count, PATIENT).toBe(97);
    const report = await consumer.stop();
    expect(report).toMatchObject({ events: 100, deadLetters: 3, abandoned: [] });
    expect([journal.overtaken, await unconsumed(nakadi, id)]).toEqual([0, [0, 0]]);

    const letters: DeadLetter<Numbered>[] = [];
    const deadConsumer = nakadi.consume<DeadLetter<Numbered>>(ofDead, {
      onEvent: (letter) => void letters.push(letter),
      batchFlushTimeoutSeconds: 1,
    });
    await expect.poll(() => letters.length, PATIENT).toBe(3);
    await deadConsumer.stop();
    expect(letters.map(({ event }) => event.n).toSorted((a, b) => a - b)).toEqual([7, 40, 73]);
    expect(letters[0]).toMatchObject({
      subscription_id: id,
      event_type: name,
      error: { name: "Error", message: "poison" },
      attempts: 2,
    });
  });

  it("that is too slow for the commit timeout is notified before its session is lost and when it is, and is called again", async () => {
    const { nakadi, eventType, subscription } = await testNakadi();
    const id = await subscription(await eventType());
    const name = (await nakadi.subscriptions.get(id)).event_types[0] ?? "";
    await nakadi.publisher<Numbered>(name).publish(numbered(1));
    let overdue = 0;
    const reasons: unknown[] = [];
    const consumer = nakadi.consume<Numbered>(
      id,
      {
        onEvent: (_event, { signal }) =>
          new Promise((resolve) => {
            if (reasons.length > 0) resolve();
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason);
              resolve();
            });
          }),
      },
      { ...QUICK, onCommitOverdue: () => (overdue += 1) },
    );
    await expect.poll(() => consumer.health().sinceCommittedMs, PATIENT).toBeDefined();
    expect([overdue, reasons]).toEqual([1, [expect.objectContaining({ code: "SESSION_LOST" })]]);
    expect(await consumer.stop()).toMatchObject({ batches: 1, events: 1, committed: 1, abandoned: [] });
  });

  it("shares a subscription with others: a stop hands its partitions over at once, and no event is handled twice", async () => {
    const { broker, nakadi, eventType, subscription } = await testNakadi();
    const name = await eventType(4);
    const id = await subscription(name);
    const journal = new Journal();
    const clients = [0, 1].map(() => new NakadiClient({ baseUrl: broker.url }));
    onTestFinished(async () => {
      await Promise.all(clients.map((client) => client.close()));
    });
    const [first, second] = clients.map((client) =>
      client.consume<Numbered>(
        id,
        {
          onBatch: ({ events }, { lane }) =>
            journal.note(
              lane.partition,
              events.map(({ n }) => n),
            ),
        },
        { ...QUICK, commitTimeoutSeconds: 60, streams: 2 },
      ),
    );
    await nakadi.publisher<Numbered>(name).publish(numbered(100, 16));
    await expect.poll(() => journal.count, PATIENT).toBe(100);
    expect((await first?.stop())?.abandoned).toEqual([]);
    await nakadi.publisher<Numbered>(name).publish(numbered(100, 16).map(({ key, n }) => ({ key, n: n + 100 })));
    await expect.poll(() => journal.count, PATIENT).toBe(200);
    expect((await second?.stop())?.abandoned).toEqual([]);
    expect([journal.seen.size, journal.overtaken, await unconsumed(nakadi, id)]).toEqual([200, 0, [0, 0, 0, 0]]);
  });
});

async function unconsumed(nakadi: NakadiClient, id: string): Promise<(number | undefined)[]> {
  const stats = await nakadi.subscriptions.stats(id);
  return stats.flatMap(({ partitions }) => partitions.map((one) => one.unconsumed_events));
}
