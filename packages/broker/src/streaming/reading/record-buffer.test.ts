import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { RecordBuffer } from "./record-buffer.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

describe("a buffer of records", () => {
  it.each([[1], [7], [60]])("lets go of what was taken, %i at a time, while others still wait", async (atOnce) => {
    const buffer = new RecordBuffer();
    const values: WeakRef<Uint8Array>[] = [];
    for (let ordinal = 0; ordinal < 100; ordinal += 1) {
      const value = new Uint8Array(1_000);
      values.push(new WeakRef(value));
      buffer.append([{ ordinal, timestampMs: 0, value }], []);
    }
    let taken = 0;
    while (taken < 60) taken += buffer.takeOldest(atOnce).length;
    // What a weak reference was asked for or made from stays until the turn of the event loop ends.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const held = values.slice(0, taken).filter((value) => value.deref() !== undefined);
    expect(buffer.length).toBe(100 - taken);
    expect(held.length).toBeLessThanOrEqual(buffer.length);
  });
});
