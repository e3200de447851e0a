import fc from "fast-check";
import type { LaneKey } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { LaneScheduler, type Part } from "./lane-scheduler.ts";

interface TestBatch {
  lane: LaneKey;
  keys: string[];
  gone: boolean;
}
interface TestPart extends Part {
  batch: TestBatch;
  order: number;
  begun: boolean;
}

/** A scheduler whose every decision is checked against the rules. */
class Checked {
  readonly scheduler: LaneScheduler<TestBatch, TestPart>;
  readonly concurrency: number;
  readonly running: TestPart[] = [];
  readonly waiting: TestPart[] = [];
  readonly finished: TestPart[] = [];
  readonly paused = new Set<LaneKey>();
  unopened = 0;
  nowMs = 0;
  #order = 0;

  constructor(concurrency: number, keyed: boolean) {
    this.concurrency = concurrency;
    this.scheduler = new LaneScheduler({ concurrency, keyed, maxEventsPerSecond: undefined });
  }

  add(lane: LaneKey, keys: string[]): void {
    this.unopened += 1;
    this.scheduler.addBatch(lane, { lane, keys, gone: false });
  }

  /** One turn; false if there is none. */
  turn(): boolean {
    const turn = this.scheduler.next(this.nowMs);
    if (!turn) return false;
    if (turn.kind === "open") {
      const { batch } = turn;
      expect(this.paused).not.toContain(batch.lane);
      const parts = batch.keys.map((key) => this.#part(batch, key));
      this.unopened -= 1;
      this.waiting.push(...parts);
      this.scheduler.opened(batch.lane, batch, parts);
      return true;
    }
    const { part } = turn;
    expect(this.paused).not.toContain(part.lane);
    const same = (one: TestPart): boolean => one.lane === part.lane && one.key === part.key;
    expect(this.running.some(same)).toBe(false);
    const [first] = this.waiting.filter(same).sort((a, b) => a.order - b.order);
    expect(part).toBe(first);
    this.waiting.splice(this.waiting.indexOf(part), 1);
    part.begun = true;
    this.running.push(part);
    expect(this.running.length).toBeLessThanOrEqual(this.concurrency);
    return true;
  }

  end(index: number, how: "finish" | "rest" | "split"): void {
    const [part] = this.running.splice(index % Math.max(1, this.running.length), 1);
    if (!part) return;
    if (part.batch.gone || how === "finish") {
      if (!part.batch.gone) this.finished.push(part);
      this.scheduler.finished(part);
    } else if (how === "rest") {
      this.waiting.push(part);
      this.scheduler.rest(part, this.nowMs + 10);
    } else {
      const pieces = [0.25, 0.5].map((more) => ({ ...part, order: part.order + more * 2 ** -this.#order }));
      this.#order += 1;
      this.waiting.push(...pieces);
      this.scheduler.split(part, pieces);
    }
  }

  drop(lane: LaneKey): void {
    for (const part of [...this.waiting, ...this.running]) if (part.lane === lane) part.batch.gone = true;
    const kept = this.waiting.filter(({ batch }) => !batch.gone);
    this.waiting.splice(0, this.waiting.length, ...kept);
    this.scheduler.drop((what) => {
      const batch = "batch" in what ? what.batch : what;
      if (batch.lane !== lane) return false;
      if (!("batch" in what)) this.unopened -= 1;
      return true;
    });
  }

  /** Until nothing is left to do. */
  runOut(): void {
    this.paused.clear();
    this.scheduler.resume();
    for (let rounds = 0; rounds < 10_000; rounds += 1) {
      if (this.turn()) continue;
      if (this.running.length > 0) {
        this.end(0, "finish");
        continue;
      }
      const waitMs = this.scheduler.wakeInMs(this.nowMs);
      if (waitMs === undefined) return;
      this.nowMs += waitMs;
    }
    throw new Error("never at rest");
  }

  #part(batch: TestBatch, key: string): TestPart {
    return { batch, lane: batch.lane, key, size: 1, order: this.#order++, begun: false };
  }
}

const lane = fc.constantFrom<LaneKey>("e:0", "e:1", "e:2");
const step = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    lane,
    keys: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("turn" as const) }),
  fc.record({
    kind: fc.constant("end" as const),
    index: fc.nat(9),
    how: fc.constantFrom("finish" as const, "rest" as const, "split" as const),
  }),
  fc.record({ kind: fc.constant("drop" as const), lane }),
  fc.record({ kind: fc.constant("pause" as const), lane }),
  fc.record({ kind: fc.constant("resume" as const), lane }),
  fc.record({ kind: fc.constant("pass" as const) }),
);

describe("the lane scheduler", () => {
  it("whatever happens: order per lane and key, one at a time, bounded, and nothing is forgotten", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.array(step, { maxLength: 80 }),
        (limit, keyed, steps) => {
          const checked = new Checked(limit, keyed);
          for (const one of steps) {
            if (one.kind === "add") checked.add(one.lane, keyed ? one.keys : one.keys.map(() => ""));
            if (one.kind === "turn") checked.turn();
            if (one.kind === "end") checked.end(one.index, one.how);
            if (one.kind === "drop") checked.drop(one.lane);
            if (one.kind === "pass") checked.nowMs += 10;
            if (one.kind === "pause") {
              checked.paused.add(one.lane);
              checked.scheduler.pause(one.lane);
            }
            if (one.kind === "resume") {
              checked.paused.delete(one.lane);
              checked.scheduler.resume(one.lane);
            }
          }
          checked.runOut();
          expect([checked.waiting, checked.running, checked.unopened]).toEqual([[], [], 0]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("opens the next batch of a lane only when the last one is done, unless there are keys and nothing else to do", () => {
    for (const keyed of [false, true]) {
      const checked = new Checked(4, keyed);
      checked.add("e:0", ["a"]);
      checked.add("e:0", ["b"]);
      while (checked.turn());
      expect([checked.unopened, checked.running.length]).toEqual(keyed ? [0, 2] : [1, 1]);
    }
  });

  it("gives lanes their turns one after the other", () => {
    const checked = new Checked(1, false);
    for (const one of ["e:0", "e:1"] as const) for (let n = 0; n < 3; n += 1) checked.add(one, [""]);
    checked.runOut();
    expect(checked.finished.map((part) => part.lane)).toEqual(["e:0", "e:1", "e:0", "e:1", "e:0", "e:1"]);
  });

  it("what was dropped while it ran holds its lane until it is over", () => {
    const checked = new Checked(4, false);
    checked.add("e:0", [""]);
    while (checked.turn());
    checked.drop("e:0");
    checked.add("e:0", [""]);
    while (checked.turn());
    expect([checked.running.length, checked.unopened]).toEqual([1, 1]);
    checked.end(0, "finish");
    checked.runOut();
    expect(checked.finished).toHaveLength(1);
  });

  it("while draining goes on with what has begun, and begins and retries nothing", () => {
    const checked = new Checked(1, false);
    checked.add("e:0", ["", "", ""]);
    checked.add("e:1", [""]);
    while (checked.turn());
    const begun = checked.running[0]?.batch;
    checked.scheduler.drain(({ batch }) => batch === begun);
    checked.end(0, "finish");
    while (checked.turn());
    expect(checked.running.map((part) => part.lane)).toEqual(["e:0"]);
    checked.end(0, "rest");
    checked.nowMs += 1_000;
    expect(checked.turn()).toBe(false);
  });

  it("lets no more events begin in a second than it may, whatever the size of a batch", () => {
    const scheduler = new LaneScheduler<{ size: number }, Part>({
      concurrency: 9,
      keyed: false,
      maxEventsPerSecond: 10,
    });
    const begunAtMs: number[] = [];
    for (let n = 0; n < 6; n += 1) scheduler.addBatch("e:0", { size: 5 });
    for (let nowMs = 0; nowMs <= 3_000; nowMs += 100) {
      for (let turn = scheduler.next(nowMs); turn; turn = scheduler.next(nowMs)) {
        if (turn.kind === "open")
          scheduler.opened("e:0", turn.batch, [{ lane: "e:0", key: "", size: turn.batch.size }]);
        else {
          begunAtMs.push(nowMs);
          scheduler.finished(turn.part);
        }
      }
    }
    expect(begunAtMs).toEqual([0, 0, 100, 600, 1_100, 1_600]);
  });
});
