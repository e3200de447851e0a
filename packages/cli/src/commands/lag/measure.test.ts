import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionLags, type PartitionSample, type Sample, totalLag } from "./measure.ts";

function partition(more: Partial<PartitionSample> = {}): PartitionSample {
  const known = { unconsumed: 0, timeLagSeconds: 0, committed: undefined };
  return { eventType: "e", partition: "0", state: "assigned", streamId: "s", ...known, ...more };
}

const sample = (atMs: number, ...partitions: PartitionSample[]): Sample => ({ atMs, partitions });

describe("lag", () => {
  it("speed is what was committed in between; the time to catch up goes by how fast the rest shrank", () => {
    const before = sample(0, partition({ unconsumed: 1_000 }));
    const [lag] = partitionLags(sample(2_000, partition({ unconsumed: 900, committed: 300 })), before);
    expect(lag).toMatchObject({ rate: 150, catchUpSeconds: 18 });
  });

  it("the time to catch up with a lag that grows, or stands, is not known", () => {
    const before = sample(0, partition({ unconsumed: 10 }));
    for (const unconsumed of [10, 11]) {
      const [lag] = partitionLags(sample(1_000, partition({ unconsumed, committed: 5 })), before);
      expect(lag).toMatchObject({ rate: 5, catchUpSeconds: undefined });
    }
  });

  it("the first look knows no speed, and knows that nothing is left", () => {
    expect(partitionLags(sample(0, partition({ unconsumed: 0 })), undefined)).toMatchObject([
      { rate: undefined, catchUpSeconds: 0 },
    ]);
  });

  it("before positions are fixed nothing is known", () => {
    const nothing = partition({ unconsumed: undefined, timeLagSeconds: undefined, state: "unassigned", streamId: "" });
    expect(totalLag(sample(0, nothing, nothing), undefined)).toEqual({
      unconsumed: undefined,
      leastUnconsumed: 0,
      timeLagSeconds: undefined,
      rate: undefined,
      catchUpSeconds: undefined,
      streams: 0,
      partitions: 2,
    });
  });

  it("what is not known of one partition is not known of all", () => {
    const known = partition({ unconsumed: 7, timeLagSeconds: 3 });
    const unknown = partition({ partition: "1", unconsumed: undefined, timeLagSeconds: undefined });
    expect(totalLag(sample(1_000, known, unknown), sample(0, known, unknown))).toMatchObject({
      unconsumed: undefined,
      leastUnconsumed: 7,
      timeLagSeconds: undefined,
      catchUpSeconds: undefined,
    });
  });

  it("a partition that is new has no speed of its own", () => {
    const now = sample(1_000, partition({ committed: 1 }), partition({ partition: "1", unconsumed: 7 }));
    expect(partitionLags(now, sample(0, partition()))[1]).toMatchObject({ rate: undefined, catchUpSeconds: undefined });
  });

  it("in all: events and speeds add up, the time lag is the longest, streams are counted once", () => {
    const known = fc.record({
      unconsumed: fc.nat(1_000_000),
      timeLagSeconds: fc.nat(100_000),
      committed: fc.nat(1_000),
      streamId: fc.constantFrom("", "a", "b"),
    });
    fc.assert(
      fc.property(fc.array(known, { minLength: 1 }), fc.integer({ min: 1, max: 60_000 }), (all, tookMs) => {
        const partitions = all.map((one, index) => partition({ partition: String(index), ...one }));
        const total = totalLag(sample(tookMs, ...partitions), sample(0, ...partitions));
        const rates = partitionLags(sample(tookMs, ...partitions), sample(0)).map(({ rate }) => rate ?? 0);
        expect(total.unconsumed).toBe(all.reduce((sum, { unconsumed }) => sum + unconsumed, 0));
        expect(total.rate).toBeCloseTo(
          rates.reduce((sum, rate) => sum + rate, 0),
          3,
        );
        expect(total.timeLagSeconds).toBe(Math.max(...all.map(({ timeLagSeconds }) => timeLagSeconds)));
        expect(total.streams).toBe(new Set(all.map(({ streamId }) => streamId).filter(Boolean)).size);
      }),
    );
  });
});
