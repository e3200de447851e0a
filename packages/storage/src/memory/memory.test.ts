/**
 * The memory engine keeps the storage contract, and what it promises beyond it: it copies nothing.
 */
import { ManualClock, systemClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { withMethod } from "../compliance/with-method.ts";
import { storageCompliance } from "../compliance/suite.ts";
import type { Frame, LogPort, NewRecord, Storage } from "../ports.ts";
import { MemoryEngine } from "./engine.ts";

/** Longer than the consumer tags that the suite makes. */
const GAP = "gap between offsets";

/** As an engine whose offsets have gaps: each append is followed by a record that no read shows. */
function withGaps(storage: Storage): Storage {
  const { log } = storage;
  const isGap = ({ consumerTag }: NewRecord): boolean => consumerTag === GAP;
  const append: LogPort["append"] = async (id, batches, signal) => {
    const padded = [...batches].map(
      ([partition, records]) =>
        [partition, records.length === 0 ? records : [...records, { value: null, consumerTag: GAP }]] as const,
    );
    const outcomes = await log.append(id, new Map(padded), signal);
    return new Map(
      [...outcomes].map(
        ([partition, outcome]) =>
          [partition, outcome.outcome === "stored" ? { ...outcome, last: outcome.last - 1 } : outcome] as const,
      ),
    );
  };
  const read: LogPort["read"] = async (id, partition, from, max, signal) => {
    for (let at = from; ;) {
      const slice = await log.read(id, partition, at, max, signal);
      const frames = slice.frames.flatMap((frame): Frame[] => {
        const kept = frame.offsets.filter((_, index) => !isGap(frame.records[index] ?? { value: null }));
        const records = frame.records.filter((record) => !isGap(record));
        return records.length === 0 ? [] : [{ ...frame, offsets: kept, records }];
      });
      if (frames.length > 0 || slice.frames.length === 0) return { ...slice, frames };
      at = slice.next;
    }
  };
  return { ...storage, log: withMethod(withMethod(log, "append", append), "read", read) };
}

const asItIs = (storage: Storage): Storage => storage;

for (const { name, newClock = () => new ManualClock(), wrap = asItIs, optional = true } of [
  { name: "memory" },
  {
    name: "memory by the machine's clock, without what an engine need not have",
    newClock: () => systemClock,
    optional: false,
  },
  { name: "memory with gaps between offsets", wrap: withGaps },
]) {
  storageCompliance({
    name,
    open: async () => {
      const clock = newClock();
      const engine = new MemoryEngine({ clock });
      return {
        node: (node, nodeClock) => wrap(engine.node(node, nodeClock)),
        clock,
        ...(optional && { compact: () => engine.compact(), spareBytes: 2_000 }),
        close: async () => undefined,
      };
    },
  });
}

const KEEP = { retentionMs: null, compact: false };
const NEVER = new AbortController().signal;

describe("the memory engine", () => {
  it("hands out the very bytes that were appended, in cut frames too", async () => {
    const { log } = new MemoryEngine({ clock: systemClock }).node("a");
    await log.create("x", 1, KEEP);
    const batch = ["p", "q", "r"].map((text) => ({ value: new TextEncoder().encode(text) }));
    await log.append("x", new Map([[0, batch]]), NEVER);
    const { frames } = await log.read("x", 0, 1, { bytes: 10, records: 1 }, NEVER);
    expect(frames).toHaveLength(1);
    expect(frames[0]?.records[0]).toBe(batch[1]);
    const whole = await log.read("x", 0, 0, { bytes: 10, records: 10 }, NEVER);
    expect((await log.read("x", 0, 0, { bytes: 10, records: 10 }, NEVER)).frames[0]).toBe(whole.frames[0]);
  });

  it("hands out the same frozen metadata again and again", async () => {
    const { metadata } = new MemoryEngine({ clock: systemClock }).node("a");
    await metadata.write([{ kind: "kind", id: "id", expect: "absent", value: { list: [{ n: 1 }] } }]);
    const first = await metadata.get<{ list: { n: number }[] }>("kind", "id");
    expect((await metadata.get("kind", "id"))?.value).toBe(first?.value);
    expect(Object.isFrozen(first?.value.list[0])).toBe(true);
  });

  it("leaves no timer behind when its nodes close", async () => {
    const clock = new ManualClock();
    const node = new MemoryEngine({ clock }).node("a");
    await node.coordination.join("n", 1_000);
    expect(clock.pending).toBe(1);
    await node.close();
    expect(clock.pending).toBe(0);
  });

  it("drops frames from the head of a long log, and finds the rest", async () => {
    const clock = new ManualClock();
    const { log } = new MemoryEngine({ clock }).node("a");
    await log.create("x", 1, { retentionMs: 1_000, compact: false });
    for (let offset = 0; offset < 500; offset++) {
      await log.append("x", new Map([[0, [{ value: null }]]]), NEVER);
      clock.advance(100);
      const oldest = Math.max(0, offset - 8);
      const slice = await log.read("x", 0, 0, { bytes: 10, records: 3 }, NEVER);
      expect(slice.oldest).toBe(oldest);
      expect(slice.frames[0]?.first).toBe(oldest);
      expect((await log.read("x", 0, offset, { bytes: 10, records: 3 }, NEVER)).frames[0]?.first).toBe(offset);
    }
  });
});
