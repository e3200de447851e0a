import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchLimits, type QueuedBatch, SendQueue } from "./send-queue.ts";

interface Item {
  key: string | undefined;
  bytes: number;
  n: number;
}

/** The calls to the queue, and what holds after each of them. */
class Real {
  readonly queue: SendQueue<Item>;
  readonly limits: BatchLimits;
  nowMs = 0;
  added: (Item & { atMs: number })[] = [];
  taken: Item[] = [];
  inFlight: QueuedBatch<Item>[] = [];
  flushed = 0;

  constructor(limits: BatchLimits) {
    this.limits = limits;
    this.queue = new SendQueue(limits);
  }

  add(key: string | undefined, bytes: number): void {
    const item = { key, bytes, n: this.added.length, atMs: this.nowMs };
    this.added.push(item);
    this.queue.add(item, this.nowMs);
  }

  take(): boolean {
    const dueInMs = this.queue.dueInMs(this.nowMs);
    const expected = this.#due();
    const batch = this.queue.take(this.nowMs);
    expect([dueInMs === 0, batch !== undefined]).toEqual([expected, expected]);
    if (!batch) return false;
    this.#check(batch);
    this.inFlight.push(batch);
    this.taken.push(...batch.items);
    return true;
  }

  settle(which: number): void {
    const [batch] = this.inFlight.splice(which % this.inFlight.length, 1);
    if (batch) this.queue.settle(batch);
  }

  get waiting(): (Item & { atMs: number })[] {
    const gone = new Set(this.taken.map(({ n }) => n));
    return this.added.filter(({ n }) => !gone.has(n));
  }

  /** By the rules as they are documented, slowly. */
  #due(): boolean {
    if (this.inFlight.length >= this.limits.maxInFlight) return false;
    const busy = new Set(this.inFlight.flatMap(({ keys }) => [...keys]));
    const free = this.waiting.filter(({ key }) => key === undefined || !busy.has(key));
    const bytes = free.reduce((sum, one) => sum + one.bytes + 1, 1);
    if (free.length === 0) return false;
    if (free.length >= this.limits.maxEvents || bytes >= this.limits.maxBytes) return true;
    return free.some(({ n, atMs }) => n < this.flushed || this.nowMs - atMs >= this.limits.lingerMs);
  }

  #check({ items, keys }: QueuedBatch<Item>): void {
    expect(items.length).toBeGreaterThan(0);
    expect(items.length).toBeLessThanOrEqual(this.limits.maxEvents);
    const bytes = items.reduce((sum, one) => sum + one.bytes + 1, 1);
    if (items.length > 1) expect(bytes).toBeLessThanOrEqual(this.limits.maxBytes);
    const busy = this.inFlight.flatMap((batch) => [...batch.keys]);
    for (const { key } of items)
      if (key !== undefined) expect([keys.has(key), busy.includes(key)]).toEqual([true, false]);
    // What it takes of each key is the oldest that waits.
    const waiting = this.waiting;
    for (const key of new Set(items.map((item) => item.key))) {
      const mine = items.filter((item) => item.key === key).map(({ n }) => n);
      expect(mine).toEqual(
        waiting
          .filter((item) => item.key === key)
          .map(({ n }) => n)
          .slice(0, mine.length),
      );
    }
  }
}

const limits = fc.record({
  maxEvents: fc.integer({ min: 1, max: 6 }),
  maxBytes: fc.integer({ min: 1, max: 60 }),
  lingerMs: fc.integer({ min: 0, max: 20 }),
  maxInFlight: fc.integer({ min: 1, max: 4 }),
});
const step = fc.oneof(
  fc.record({
    do: fc.constant("add" as const),
    key: fc.constantFrom(undefined, "a", "b", "c", "d"),
    bytes: fc.integer({ min: 2, max: 30 }),
  }),
  fc.record({ do: fc.constant("take" as const) }),
  fc.record({ do: fc.constant("settle" as const), which: fc.nat(9) }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.nat(15) }),
  fc.record({ do: fc.constant("flush" as const) }),
);

function played(bounds: BatchLimits, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Real {
  const real = new Real(bounds);
  for (const one of steps) {
    if (one.do === "add") real.add(one.key, one.bytes);
    else if (one.do === "take") real.take();
    else if (one.do === "settle") real.settle(one.which);
    else if (one.do === "pass") real.nowMs += one.ms;
    else {
      real.queue.flush();
      real.flushed = real.added.length;
    }
  }
  return real;
}

describe("the queue of events on their way into batches", () => {
  it("makes a batch exactly when one is due, within its limits, and never two of one key at once", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60 }), (bounds, steps) => {
        const real = played(bounds, steps);
        // Whatever happened, everything goes out in the end, once.
        real.queue.flush();
        real.flushed = real.added.length;
        for (let turns = 0; real.waiting.length > 0 || real.inFlight.length > 0; turns += 1) {
          expect(turns).toBeLessThan(1_000);
          while (real.take());
          if (real.inFlight.length > 0) real.settle(0);
        }
        expect(real.taken.map(({ n }) => n).sort((a, b) => a - b)).toEqual(real.added.map(({ n }) => n));
        expect(real.queue.dueInMs(real.nowMs)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("is due by age alone after exactly so long as it says", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60 }), (bounds, steps) => {
        const real = played(bounds, steps);
        const dueInMs = real.queue.dueInMs(real.nowMs);
        if (dueInMs === undefined || dueInMs === 0) return;
        real.nowMs += dueInMs - 1;
        expect(real.take()).toBe(false);
        real.nowMs += 1;
        expect(real.take()).toBe(true);
      }),
    );
  });

  it("gives back what waits, in the order in which it came, and goes on", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60 }), (bounds, steps) => {
        const real = played(bounds, steps);
        const waiting = real.waiting.map(({ n }) => n);
        expect(real.queue.clear().map(({ n }) => n)).toEqual(waiting);
        real.taken.push(...real.waiting);
        real.add("a", 2);
        real.queue.flush();
        real.flushed = real.added.length;
        while (real.inFlight.length > 0) real.settle(0);
        expect(real.take()).toBe(true);
      }),
    );
  });
});
