import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ManualClock, systemClock } from "./clock.ts";

describe("a manual clock", () => {
  it("runs tasks in the order of their times, each at its own time, and those of one time in the order they were made", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), fc.array(fc.integer({ min: 1, max: 50 })), (delays, steps) => {
        const clock = new ManualClock();
        const ran: { delay: number; atMs: number; index: number }[] = [];
        delays.forEach((delay, index) =>
          clock.schedule(delay, () => ran.push({ delay, atMs: clock.monotonicMs(), index })),
        );
        let passed = 0;
        for (const step of steps) {
          clock.advance(step);
          passed += step;
        }
        const due = delays
          .map((delay, index) => ({ delay, atMs: delay, index }))
          .filter(({ delay }) => steps.length > 0 && delay <= passed);
        expect(ran).toEqual(due.sort((a, b) => a.delay - b.delay || a.index - b.index));
        expect(clock.pending).toBe(delays.length - ran.length);
      }),
    );
  });

  it("runs what a task makes within the same time, and nothing that was cancelled", () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    const cancelled = clock.schedule(5, () => ran.push("cancelled"));
    clock.schedule(1, () => {
      cancelled.cancel();
      clock.schedule(1, () => ran.push(`at ${clock.monotonicMs()}`));
    });
    clock.advance(10);
    expect(ran).toEqual(["at 2"]);
  });

  it("can set its wall back and forth without any time passing", () => {
    const clock = new ManualClock(1_000);
    clock.advance(500);
    clock.jumpWall(-3_600_000);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1_500 - 3_600_000, 500]);
  });
});

describe("the machine's clock", () => {
  const DAY_MS = 86_400_000;

  it("waits longer than a timer of Node can: a task of sixty days runs after sixty days", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const ran: string[] = [];
    systemClock.schedule(60 * DAY_MS, () => ran.push("sixty days"));
    const cancelled = systemClock.schedule(60 * DAY_MS, () => ran.push("cancelled"));
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    cancelled.cancel();
    expect(ran).toEqual([]);
    vi.advanceTimersByTime(1);
    expect([ran, vi.getTimerCount()]).toEqual([["sixty days"], 0]);
  });
});
