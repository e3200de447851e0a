/**
 * The memory engine keeps the storage contract, and what it promises beyond it: it copies nothing.
 */
import { ManualClock, systemClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { storageCompliance } from "../compliance/suite.ts";
import { MemoryEngine } from "./engine.ts";

for (const [name, newClock] of Object.entries({
  memory: () => new ManualClock(),
  "memory by the machine's clock": () => systemClock,
})) {
  storageCompliance({
    name,
    open: async () => {
      const clock = newClock();
      const engine = new MemoryEngine({ clock });
      return {
        node: (node, nodeClock) => engine.node(node, nodeClock),
        clock,
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
