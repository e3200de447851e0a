import fc from "fast-check";
import { expect, it } from "vitest";
import type { PartitionKey } from "nakadi-storage";
import { streamSettings } from "../../../test/stream-settings.ts";
import { PartitionWindow } from "../session/partition-window.ts";
import { readAhead } from "./read-ahead.ts";

const SETTINGS = streamSettings({ batchLimit: 10 });

it("what is read ahead of all partitions at once stays within the memory that is left", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ waiting: fc.nat({ max: 20 }), leaving: fc.boolean() })),
      fc.integer({ min: -10, max: 50_000_000 }),
      (partitions, bytes) => {
        const windows = partitions.map(({ waiting, leaving }, index): [PartitionKey, PartitionWindow] => {
          const window = new PartitionWindow({ at: { ordinal: -1, text: "" }, textOf: String }, 0);
          const value = new Uint8Array(1);
          const records = Array.from({ length: waiting }, (_, ordinal) => ({ ordinal, timestampMs: 0, value }));
          window.received(records, [], waiting);
          if (leaving) window.leavingSinceMs = 0;
          return [`et:${index}`, window];
        });
        const wanted = readAhead(windows, SETTINGS, bytes);
        const needy = windows.filter(([, { buffer, leavingSinceMs }]) => buffer.length < 10 && leavingSinceMs !== 0);
        expect(wanted.map(({ partition }) => partition)).toEqual(bytes > 0 ? needy.map(([key]) => key) : []);
        const sum = wanted.reduce((total, one) => total + one.bytes, 0);
        if (wanted.length > 0) expect(sum).toBeGreaterThanOrEqual(bytes);
        expect(sum).toBeLessThan(Math.max(0, bytes) + wanted.length + 1);
        for (const one of wanted) expect(Number.isSafeInteger(one.bytes)).toBe(true);
      },
    ),
  );
});
