import fc from "fast-check";
import type { Cursor, LaneKey } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import { type CommitRule, commitRule, type CommitStrategy } from "./commit-strategy.ts";
import { CommitTracker, type DoneAs, type Ticket } from "./commit-tracker.ts";

const cursorAt = (lane: LaneKey, offset: number): Cursor => {
  const [event_type = "", partition = ""] = lane.split(":");
  return { event_type, partition, offset: String(offset), cursor_token: "t" };
};
const WINDOW = { maxUncommittedEvents: 100, commitTimeoutMs: 60_000 };
const ruleOf = (strategy?: CommitStrategy): CommitRule => commitRule(strategy, WINDOW);

/** What may be committed, by the rule itself: everything up to the first that is open, without a tail of `hold`. */
class Model {
  readonly lanes = new Map<LaneKey, Ticket<Cursor>[]>();

  committable(lane: LaneKey): Ticket<Cursor> | undefined {
    const tickets = this.lanes.get(lane) ?? [];
    const open = tickets.findIndex(({ state }) => state === "open");
    const done = open < 0 ? tickets : tickets.slice(0, open);
    return done.findLast(({ state }) => state !== "hold");
  }
}

const lane = fc.constantFrom<LaneKey>("e:0", "e:1", "e:2");
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("receive" as const), lane }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("done" as const),
      lane,
      index: fc.nat(5),
      as: fc.constantFrom<DoneAs>("done", "commit", "hold"),
    }),
  },
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("settle" as const), lost: fc.array(lane, { maxLength: 1 }) }),
  fc.record({ kind: fc.constant("fail" as const) }),
  fc.record({ kind: fc.constant("drop" as const), lane }),
);

describe("the commit tracker", () => {
  it("invariant 2: whatever happens, takes the newest position of each lane that has nothing unfinished before it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const tracker = new CommitTracker<Cursor>(ruleOf("each"), 60_000);
        const model = new Model();
        let taken: { lane: LaneKey; ticket: Ticket<Cursor> }[] | undefined;
        let offset = 0;
        for (const one of steps) {
          if (one.kind === "receive") {
            const ticket = tracker.received(one.lane, cursorAt(one.lane, offset++), 0);
            model.lanes.set(one.lane, [...(model.lanes.get(one.lane) ?? []), ticket]);
          } else if (one.kind === "done") {
            const tickets = model.lanes.get(one.lane) ?? [];
            const ticket = tickets[one.index % Math.max(1, tickets.length)];
            if (ticket) tracker.done(ticket, one.as, 1, 0);
          } else if (one.kind === "take") {
            const before = tracker.inFlight;
            const cursors = tracker.takeReady(0);
            if (before) expect(cursors).toEqual([]);
            if (cursors.length === 0) continue;
            taken = [...model.lanes.keys()].flatMap((key) => {
              const ticket = model.committable(key);
              return ticket ? [{ lane: key, ticket }] : [];
            });
            expect(new Set(cursors)).toEqual(new Set(taken.map(({ ticket }) => ticket.cursor)));
          } else if (one.kind === "settle" && taken) {
            const kept = taken.filter((each) => !one.lost.includes(each.lane));
            tracker.settled({ lanes: kept.map((each) => each.lane), advanced: true }, 0);
            tracker.dropLanes(one.lost, 0);
            for (const { lane: key, ticket } of kept) {
              const tickets = model.lanes.get(key) ?? [];
              model.lanes.set(key, tickets.slice(tickets.indexOf(ticket) + 1));
            }
            for (const key of one.lost) model.lanes.delete(key);
            taken = undefined;
          } else if (one.kind === "fail") {
            tracker.failed();
            taken = undefined;
          } else if (one.kind === "drop") {
            tracker.dropLanes([one.lane], 0);
            model.lanes.delete(one.lane);
            taken = taken?.filter((each) => each.lane !== one.lane);
          }
        }
        const left = [...model.lanes.values()].flat();
        expect(new Set(tracker.uncommitted)).toEqual(new Set(left));
        tracker.failed();
        for (const ticket of left) tracker.done(ticket, "commit", 1, 0);
        for (const key of model.lanes.keys())
          tracker.done(tracker.received(key, cursorAt(key, offset++), 0), "commit", 1, 0);
        const lanes = [...model.lanes.keys()];
        expect(tracker.takeReady(0)).toHaveLength(lanes.length);
        tracker.settled({ lanes, advanced: true }, 0);
        expect([tracker.uncommitted, tracker.hasReady, tracker.alarmInMs(0)]).toEqual([[], false, undefined]);
      }),
      { numRuns: 500 },
    );
  });

  it("one newest cursor a lane, one commit at a time", () => {
    const tracker = new CommitTracker<Cursor>(ruleOf("each"), 60_000);
    const tickets = [1, 2, 3].map((offset) => tracker.received("e:0", cursorAt("e:0", offset), 0));
    for (const ticket of tickets) tracker.done(ticket, "done", 1, 0);
    expect(tracker.takeReady(0).map(({ offset }) => offset)).toEqual(["3"]);
    expect([tracker.takeReady(0), tracker.dueInMs(0)]).toEqual([[], undefined]);
  });

  it("hold causes no commit, and is covered by the next commit of the lane", () => {
    const tracker = new CommitTracker<Cursor>(ruleOf("each"), 60_000);
    const [first, second] = [1, 2].map((offset) => tracker.received("e:0", cursorAt("e:0", offset), 0));
    if (!first || !second) throw new Error("no tickets");
    tracker.done(first, "hold", 1, 0);
    expect([tracker.hasReady, tracker.takeReady(0)]).toEqual([false, []]);
    tracker.done(second, "done", 1, 0);
    expect(tracker.takeReady(0).map(({ offset }) => offset)).toEqual(["2"]);
  });
});

describe("strategies", () => {
  const dueAfter = (strategy: CommitStrategy | undefined, batches: number, events: number): number | undefined => {
    const tracker = new CommitTracker<Cursor>(ruleOf(strategy), WINDOW.commitTimeoutMs);
    for (let offset = 0; offset < batches; offset += 1) {
      tracker.done(tracker.received("e:0", cursorAt("e:0", offset), 0), "done", events, 0);
    }
    return tracker.dueInMs(0);
  };

  it("each: at once", () => expect(dueAfter("each", 1, 1)).toBe(0));

  it("by default: half of the window, or a second", () => {
    expect([dueAfter(undefined, 1, 49), dueAfter(undefined, 1, 50)]).toEqual([1_000, 0]);
    expect(commitRule(undefined, { maxUncommittedEvents: 1, commitTimeoutMs: 1_000 })).toMatchObject({
      events: 1,
      ms: 333,
    });
  });

  it("every: a number of batches, events or milliseconds, whichever is first", () => {
    const every = { batches: 3, events: 20, ms: 5_000 };
    expect([dueAfter({ every }, 2, 1), dueAfter({ every }, 3, 1), dueAfter({ every }, 2, 10)]).toEqual([5_000, 0, 0]);
    expect(dueAfter({ every: { batches: 3 } }, 2, 1)).toBe(20_000);
  });

  it("latestPossible: two thirds of the commit timeout, or three quarters of the window", () => {
    expect([dueAfter("latestPossible", 1, 1), dueAfter("latestPossible", 1, 75)]).toEqual([40_000, 0]);
  });

  it("whatever the strategy, a handler's commit is at once, and five sixths of the commit timeout are late enough", () => {
    const tracker = new CommitTracker<Cursor>({ manual: false, events: 1_000 }, 60_000);
    const ticket = tracker.received("e:0", cursorAt("e:0", 1), 0);
    tracker.done(ticket, "done", 1, 10_000);
    expect(tracker.dueInMs(10_000)).toBe(40_000);
    tracker.done(tracker.received("e:1", cursorAt("e:1", 1), 0), "commit", 1, 10_000);
    expect(tracker.dueInMs(10_000)).toBe(0);
  });
});

describe("the server's commit timer", () => {
  it("starts with the first batch after everything was committed, and over with each commit that moves something", () => {
    const tracker = new CommitTracker<Cursor>(ruleOf("each"), 60_000);
    expect(tracker.alarmInMs(0)).toBeUndefined();
    const first = tracker.received("e:0", cursorAt("e:0", 1), 1_000);
    const other = tracker.received("e:1", cursorAt("e:1", 1), 5_000);
    expect(tracker.alarmInMs(5_000)).toBe(46_000);
    tracker.done(first, "done", 1, 20_000);
    tracker.takeReady(20_000);
    tracker.settled({ lanes: ["e:0"], advanced: true }, 21_000);
    expect(tracker.alarmInMs(21_000)).toBe(49_000);
    tracker.done(other, "done", 1, 30_000);
    tracker.takeReady(30_000);
    tracker.settled({ lanes: ["e:1"], advanced: true }, 31_000);
    expect(tracker.alarmInMs(31_000)).toBeUndefined();
  });

  it("goes on when a commit was outdated", () => {
    const tracker = new CommitTracker<Cursor>(ruleOf("each"), 60_000);
    const first = tracker.received("e:0", cursorAt("e:0", 1), 0);
    tracker.received("e:1", cursorAt("e:1", 1), 0);
    tracker.done(first, "done", 1, 20_000);
    tracker.takeReady(20_000);
    tracker.settled({ lanes: ["e:0"], advanced: false }, 20_000);
    expect(tracker.alarmInMs(20_000)).toBe(30_000);
  });
});

describe("strategies that can never be reached are refused", () => {
  it.each<[string, unknown, string]>([
    ["options.commit.every.batches", { every: { batches: 101 } }, "maxUncommittedEvents, 100, or less"],
    ["options.commit.every.events", { every: { events: 101 } }, "maxUncommittedEvents, 100, or less"],
    ["options.commit.every.ms", { every: { ms: 60_000 } }, "less than the commit timeout"],
    ["options.commit.every", { every: {} }, "batches, events or ms"],
    ["options.commit.every.batches", { every: { batches: 0 } }, "1 or more"],
    ["options.commit", "sometimes", "each, latestPossible, manual or { every }"],
  ])("%s", (path, strategy, reason) => {
    expect(() => ruleOf(strategy as CommitStrategy)).toThrow(
      expect.objectContaining({ path, message: expect.stringContaining(reason) }),
    );
  });
});
