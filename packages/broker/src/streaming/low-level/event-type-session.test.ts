import { expect, it } from "vitest";
import { streamSettings } from "../../../test/stream-settings.ts";
import { EventTypeSession } from "./event-type-session.ts";

const SETTINGS = streamSettings({ timeoutMs: 120_000 });

it("a low-level stream whose client takes nothing ends with its time", () => {
  const session = new EventTypeSession(SETTINGS, { maxBufferBytes: 1_000, nowMs: 1_000 });
  session.addPartition("et:0", { at: { ordinal: -1, text: "" }, textOf: String });
  const records = [{ ordinal: 0, timestampMs: 0, value: new Uint8Array(1) }];
  session.received("et:0", 0, { records, next: 1 });
  expect(session.nextDueMs(false)).toBe(121_000);
  expect([session.advance(120_999, false), session.ended]).toEqual([[], false]);
  expect([session.advance(121_000, false), session.ended]).toEqual([[], true]);
});

it("a low-level stream whose time is as long as its flush timeout ends with a line of each partition", () => {
  const settings = { ...SETTINGS, batchLimit: 5, timeoutMs: 2_000, flushMs: 2_000 };
  const session = new EventTypeSession(settings, { maxBufferBytes: 1_000, nowMs: 1_000 });
  const partitions = ["et:0", "et:1", "et:2"] as const;
  for (const partition of partitions)
    session.addPartition(partition, { at: { ordinal: -1, text: "" }, textOf: String });
  const records = Array.from({ length: 7 }, (_, ordinal) => ({ ordinal, timestampMs: 0, value: new Uint8Array(1) }));
  session.received("et:0", 0, { records, next: 7 });
  const sent = (nowMs: number): unknown => session.advance(nowMs).map((one) => [one.partition, one.events.length]);
  expect([sent(1_001), session.nextDueMs()]).toEqual([[["et:0", 5]], 3_000]);
  expect([sent(3_000), session.ended]).toEqual([
    [
      ["et:0", 2],
      ["et:1", 0],
      ["et:2", 0],
    ],
    true,
  ]);
});
