import fc from "fast-check";
import { ManualClock, type PartitionCursor } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { EndWatch } from "./end-watch.ts";
import type { ReadingProgress } from "./options.ts";

const at = (partition: string, n: number): PartitionCursor => ({ partition, offset: String(n) });

/** A log whose offsets are numbers, which the watch does not know. */
function testWatch(): {
  watch: EndWatch;
  clock: ManualClock;
  reached: () => number;
  asked: () => number;
  progress: ReadingProgress[];
  fail: (failing: boolean) => void;
  pass: (ms: number) => Promise<void>;
} {
  const clock = new ManualClock();
  let [reached, asked, failing] = [0, 0, false];
  const progress: ReadingProgress[] = [];
  const watch = new EndWatch({
    clock,
    distances: async (pairs) => {
      asked += 1;
      if (failing) throw new Error("the server is away");
      return pairs.map(({ from, to }) => Number(to.offset) - Number(from.offset));
    },
    progress: (one) => void progress.push(one),
    reached: () => (reached += 1),
  });
  return {
    watch,
    clock,
    progress,
    reached: () => reached,
    asked: () => asked,
    fail: (now) => (failing = now),
    async pass(ms) {
      clock.advance(ms);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    },
  };
}

describe("the end", () => {
  it("is there at once where nothing lies before it", async () => {
    const { watch, reached, progress } = testWatch();
    await watch.begin([at("0", 5), at("1", 9)], [at("0", 5), at("1", 3)]);
    expect([reached(), watch.done("0"), progress]).toEqual([1, true, [{ total: 0, remaining: 0 }]]);
  });

  it("is there when each partition has met it, and no partition is asked about", async () => {
    const { watch, reached, asked, clock } = testWatch();
    await watch.begin([at("0", 0), at("1", 0)], [at("0", 2), at("1", 1)]);
    watch.taken(at("0", 2));
    expect([reached(), watch.done("0"), watch.done("1")]).toEqual([0, true, false]);
    watch.taken(at("1", 1));
    expect([reached(), asked(), clock.pending]).toEqual([1, 1, 0]);
  });

  it("is noticed within a second when a batch reached beyond it", async () => {
    const { watch, reached, pass, clock } = testWatch();
    await watch.begin([at("0", 0)], [at("0", 5)]);
    watch.taken(at("0", 8));
    await pass(1_000);
    expect([reached(), clock.pending]).toEqual([1, 0]);
  });

  it("is asked for once a second at most, however many batches come, and says how far it is", async () => {
    const { watch, asked, progress, pass } = testWatch();
    await watch.begin([at("0", 0)], [at("0", 1_000)]);
    for (let n = 1; n <= 500; n += 1) {
      watch.taken(at("0", n));
      await pass(10);
    }
    expect(asked()).toBeLessThanOrEqual(6);
    expect(progress.map(({ total }) => total)).toEqual(progress.map(() => 1_000));
    const remaining = progress.map((one) => one.remaining);
    expect(remaining).toEqual(remaining.toSorted((a, b) => b - a));
    expect(progress.length).toBeGreaterThan(3);
  });

  it("that nothing leads to is given up when it stays quiet, counted anew by each stream and after each event", async () => {
    const { watch, reached, pass } = testWatch();
    await watch.begin([at("0", 0)], [at("0", 5)]);
    const quiet = (times: number): void => {
      for (let n = 0; n < times; n += 1) watch.quiet(at("0", 0));
    };
    quiet(4);
    watch.reopened();
    quiet(4);
    watch.taken(at("0", 2));
    await pass(5_000);
    quiet(4);
    expect(reached()).toBe(0);
    quiet(1);
    expect(reached()).toBe(1);
  });

  it("is asked for again after the server was away", async () => {
    const { watch, reached, fail, pass } = testWatch();
    await watch.begin([at("0", 0)], [at("0", 5)]);
    fail(true);
    watch.taken(at("0", 6));
    await pass(1_000);
    expect(reached()).toBe(0);
    fail(false);
    watch.taken(at("0", 7));
    await pass(1_000);
    expect(reached()).toBe(1);
  });

  it("is ignored after the close", async () => {
    const { watch, reached, pass, clock } = testWatch();
    await watch.begin([at("0", 0)], [at("0", 5)]);
    watch.taken(at("0", 6));
    watch.close();
    await pass(10_000);
    expect([reached(), clock.pending]).toEqual([0, 0]);
  });
});

it("whatever the batches are, it is reached once, not before every partition is there, and within a second", async () => {
  const partition = fc.record({ end: fc.nat(20), steps: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(partition, { minLength: 1, maxLength: 3 }), async (partitions) => {
      const { watch, reached, pass, clock } = testWatch();
      const names = partitions.map((_, index) => String(index));
      await watch.begin(
        names.map((name) => at(name, 0)),
        partitions.map(({ end }, index) => at(String(index), end)),
      );
      const now = partitions.map(() => 0);
      const there = (): boolean => partitions.every(({ end }, index) => (now[index] ?? 0) >= end);
      for (let round = 0; round < 30 && !there(); round += 1) {
        for (const [index, { steps }] of partitions.entries()) {
          now[index] = (now[index] ?? 0) + (steps[round] ?? 0);
          if (steps[round] !== undefined) watch.taken(at(String(index), now[index] ?? 0));
        }
        await pass(300);
        if (reached() > 0) expect(there()).toBe(true);
      }
      await pass(1_000);
      await pass(1_000);
      expect(reached()).toBe(there() ? 1 : 0);
      if (there()) expect(clock.pending).toBe(0);
    }),
  );
});
