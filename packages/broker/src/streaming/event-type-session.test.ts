import { expect, it } from "vitest";
import { EventTypeSession } from "./event-type-session.ts";

const SETTINGS = {
  batchLimit: 1,
  streamLimit: Infinity,
  flushMs: 30_000,
  timespanMs: 0,
  timeoutMs: 120_000,
  keepAliveLimit: Infinity,
};

it("a low-level stream whose client takes nothing ends with its time", () => {
  const session = new EventTypeSession(SETTINGS, { maxBufferBytes: 1_000, nowMs: 1_000 });
  session.add("et:0", { at: { ordinal: -1, text: "" }, textOf: String }, 1_000);
  const records = [{ ordinal: 0, timestampMs: 0, value: new Uint8Array(1) }];
  session.received("et:0", 0, { records, next: 1 });
  expect(session.nextDueMs(false)).toBe(121_000);
  expect([session.advance(120_999, false), session.ended]).toEqual([[], false]);
  expect([session.advance(121_000, false), session.ended]).toEqual([[], true]);
});
