import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { expect, test } from "vitest";
import type { Streamed } from "./report-events.ts";
import { StreamReport } from "./stream-report.ts";

const INTERVAL_MS = 1_000;

const step = fc.record({
  eventType: fc.constantFrom("a", "b"),
  events: fc.nat({ max: 3 }),
  bytes: fc.nat({ max: 1_000 }),
  waitMs: fc.nat({ max: INTERVAL_MS * 2 }),
});

test("sent events are reported once, at intervals and at the end, keep-alives never", () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const clock = new ManualClock();
      const told: { eventType: string; atMs: number; streamed: Streamed }[] = [];
      const report = new StreamReport(clock, INTERVAL_MS, (eventType, streamed) =>
        told.push({ eventType, atMs: clock.monotonicMs(), streamed }),
      );
      for (const { eventType, events, bytes, waitMs } of steps) {
        report.sent(eventType, events, bytes);
        clock.advance(waitMs);
      }
      const before = told.length;
      report.end();
      clock.advance(INTERVAL_MS * 2);
      expect(told.length - before).toBeLessThanOrEqual(2);
      for (const name of ["a", "b"]) {
        const sent = steps.filter(({ eventType, events }) => eventType === name && events > 0);
        const mine = told.filter(({ eventType }) => eventType === name);
        const sum = (member: keyof Streamed): number => mine.reduce((all, { streamed }) => all + streamed[member], 0);
        expect([sum("number_of_events"), sum("bytes_streamed"), sum("batches_streamed")]).toEqual([
          sent.reduce((all, { events }) => all + events, 0),
          sent.reduce((all, { bytes }) => all + bytes, 0),
          sent.length,
        ]);
        const times = mine.slice(0, -1).map(({ atMs }) => atMs);
        for (const [index, atMs] of times.entries())
          if (index > 0) expect(atMs - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(INTERVAL_MS);
      }
    }),
  );
});
