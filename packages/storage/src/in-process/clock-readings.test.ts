import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it, vi } from "vitest";
import { ClockReadings, isBefore } from "./clock-readings.ts";
import type { KeptReadings } from "./clock-readings.ts";

const HOUR_MS = 3_600_000;

const KEEP_MS = 60_000;

/** Processes, one after the other, whose wall clock is set. Each keeps its readings as an engine does. */
function run() {
  const clock = new ManualClock();
  let kept: KeptReadings = [];
  let readings = opened();
  /** How long a process has run altogether. */
  let ranMs = 0;
  function opened(): ClockReadings {
    const next: ClockReadings = new ClockReadings(clock, kept, () => keep(next));
    keep(next);
    return next;
  }
  function keep(from: ClockReadings): void {
    kept = JSON.parse(JSON.stringify(from.kept(KEEP_MS))) as KeptReadings;
  }
  function pass(ms: number): void {
    clock.advance(ms);
    ranMs += ms;
  }
  return {
    clock,
    get ranMs() {
      return ranMs;
    },
    store: () => ({ timestampMs: readings.timestampMs(), ranMs }),
    wait(ms: number) {
      const sinceKeptMs = ms % KEEP_MS;
      pass(ms - sinceKeptMs);
      keep(readings);
      pass(sinceKeptMs);
    },
    /** What was not kept is lost; the machine is off for `offMs`. */
    killed(offMs: number) {
      clock.advance(offMs);
      readings = opened();
    },
    stopped(offMs: number) {
      keep(readings);
      this.killed(offMs);
    },
    isOld: (timestampMs: number, retentionMs: number) => isBefore(timestampMs, readings.given(retentionMs)),
  };
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("store" as const) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 2 * HOUR_MS }) }),
  fc.record({ kind: fc.constant("set" as const), byMs: fc.integer({ min: -4 * HOUR_MS, max: 4 * HOUR_MS }) }),
  fc.record({ kind: fc.constant("drift" as const), byMs: fc.integer({ min: -40, max: 40 }) }),
  fc.record({
    kind: fc.constantFrom("stop" as const, "kill" as const),
    offMs: fc.integer({ min: 0, max: 9 * HOUR_MS }),
  }),
);

const HOUR = { kind: "wait", ms: HOUR_MS } as const;
const KILL = { kind: "kill", offMs: 1 } as const;

describe("a record", () => {
  it("is never taken for older than it is, however the wall clock is set and the process restarted", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const process = run();
        const stored: { timestampMs: number; ranMs: number }[] = [];
        for (const each of steps) {
          if (each.kind === "store") stored.push(process.store());
          else if (each.kind === "wait") process.wait(each.ms);
          else if ("byMs" in each) process.clock.jumpWall(each.byMs);
          else if (each.kind === "stop") process.stopped(each.offMs);
          else process.killed(each.offMs);
          for (const { timestampMs, ranMs } of stored) {
            const ageMs = process.ranMs - ranMs;
            for (const retentionMs of [HOUR_MS, 3 * HOUR_MS]) {
              if (ageMs < retentionMs) expect(process.isOld(timestampMs, retentionMs)).toBe(false);
            }
          }
        }
      }),
      {
        // The wall clock drifts back and ahead after it was kept.
        examples: [
          [
            [
              HOUR,
              { kind: "store" },
              { kind: "set", byMs: 1_001 },
              { kind: "drift", byMs: -1 },
              { kind: "store" },
              KILL,
            ],
          ],
          [[HOUR, { kind: "wait", ms: 59_999 }, { kind: "drift", byMs: 40 }, { kind: "store" }, KILL]],
        ],
      },
    );
  });

  it("is known to be old as soon as it is, where the wall clock was only set ahead", () => {
    const ahead = fc.oneof(
      fc.record({ waitMs: fc.integer({ min: 0, max: HOUR_MS }), setMs: fc.constant(0) }),
      fc.record({ waitMs: fc.constant(0), setMs: fc.integer({ min: 2_000, max: 9 * HOUR_MS }) }),
    );
    fc.assert(
      fc.property(fc.array(ahead, { minLength: 1, maxLength: 40 }), (steps) => {
        const process = run();
        const { timestampMs, ranMs } = process.store();
        for (const { waitMs, setMs } of steps) {
          process.wait(waitMs);
          process.clock.jumpWall(setMs);
          expect(process.isOld(timestampMs, HOUR_MS)).toBe(process.ranMs - ranMs >= HOUR_MS);
        }
      }),
    );
  });

  it("of a clock that was set back is old once the clock has shown its time again so long ago", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 9 * HOUR_MS }), (backMs) => {
        const process = run();
        const { timestampMs } = process.store();
        process.clock.jumpWall(-backMs);
        process.store();
        process.wait(HOUR_MS);
        // Its time is in the future, or was shown within the last hour once more.
        const isShown = backMs <= HOUR_MS;
        expect(process.isOld(timestampMs, HOUR_MS)).toBe(!isShown);
        process.wait(backMs);
        expect(process.isOld(timestampMs, HOUR_MS)).toBe(true);
      }),
    );
  });
});

describe("the readings", () => {
  it("know of no record that it is old until they reach back so far", () => {
    const process = run();
    const { timestampMs } = process.store();
    process.wait(HOUR_MS - 1);
    for (const any of [timestampMs, 0, 4e12]) expect(process.isOld(any, HOUR_MS)).toBe(false);
    process.wait(1);
    for (const any of [timestampMs, 0, 4e12]) expect(process.isOld(any, HOUR_MS)).toBe(true);
  });

  it("count no time in which no process ran", () => {
    const process = run();
    const { timestampMs } = process.store();
    process.wait(HOUR_MS / 2);
    process.stopped(1_000 * HOUR_MS);
    process.wait(HOUR_MS / 2 - 1);
    expect(process.isOld(timestampMs, HOUR_MS)).toBe(false);
    // The wall clock may have drifted before the stop.
    process.wait(1 + 1_000);
    expect(process.isOld(timestampMs, HOUR_MS)).toBe(true);
  });

  it("stay few, however often the wall clock is set, and show each setting but no drift", () => {
    const clock = new ManualClock();
    const onSet = vi.fn<() => void>();
    const readings = new ClockReadings(clock, [], onSet);
    for (let second = 0; second < 1_000; second++) {
      clock.advance(1_000);
      clock.jumpWall(1);
      readings.timestampMs();
    }
    expect(onSet).not.toHaveBeenCalled();
    for (let times = 0; times < 500; times++) {
      clock.jumpWall(times % 2 === 0 ? HOUR_MS : -HOUR_MS);
      readings.timestampMs();
    }
    expect(onSet).toHaveBeenCalledTimes(500);
    expect(readings.kept(0).length).toBeLessThanOrEqual(100);
    clock.advance(2 * HOUR_MS);
    expect(isBefore(readings.timestampMs() - 2 * HOUR_MS, readings.given(HOUR_MS))).toBe(true);
  });
});
