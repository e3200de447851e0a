import fc from "fast-check";
import { expect, it } from "vitest";
import { Random } from "../src/random.ts";
import { doubtsOf, Figures, lacking } from "../src/storm/figures.ts";
import { Pace } from "../src/storm/pace.ts";
import { FAULT_KINDS, schedule } from "../src/storm/schedule.ts";
import { UnderWay } from "../src/storm/under-way.ts";

const seed = fc.nat();

it("the same seed orders the same faults, each kind as often as the others, of some of the cast", () => {
  const cast = { consumers: [0, 1, 2], publishers: [0, 1] };
  fc.assert(
    fc.property(seed, fc.nat(200), (seed, count) => {
      const orders = schedule(seed, count, cast);
      expect(schedule(seed, count, cast)).toEqual(orders);
      const times = FAULT_KINDS.map((kind) => orders.filter((order) => order.kind === kind).length);
      expect(orders).toHaveLength(count);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      for (const { consumers, publishers } of orders) {
        for (const [some, all] of [
          [consumers, cast.consumers],
          [publishers, cast.publishers],
        ] as const) {
          expect(some.length).toBeGreaterThan(0);
          expect(all.filter((one) => some.includes(one))).toEqual(some);
        }
      }
    }),
  );
});

it("chance keeps within its bounds, reaches both, and depends on the seed alone", () => {
  fc.assert(
    fc.property(seed, (seed) => {
      const [one, other] = [new Random(seed), new Random(seed)];
      const drawn = Array.from({ length: 400 }, () => one.between(3, 6));
      expect(drawn).toEqual(Array.from({ length: 400 }, () => other.between(3, 6)));
      expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6]));
      expect(() => one.pick([])).toThrow(RangeError);
    }),
  );
});

it("publishers wait for the faults, and faults for the events", async () => {
  const pace = new Pace({ events: 10_000, faults: 10 });
  expect(pace.isNextDue).toBe(true);
  expect(pace.hold()).toBeUndefined();
  pace.acknowledge(1_500);
  const held = pace.hold();
  expect(held).toBeInstanceOf(Promise);
  pace.strike();
  await held;
  expect(pace.isNextDue).toBe(true);
  pace.strike();
  expect(pace.isNextDue).toBe(false);
});

it("no publisher waits while a fault aims", async () => {
  const pace = new Pace({ events: 10_000, faults: 10 });
  pace.acknowledge(10_000);
  const held = pace.hold();
  pace.aim();
  await held;
  expect(pace.hold()).toBeUndefined();
  pace.strike();
  expect(pace.hold()).toBeInstanceOf(Promise);
});

it("at the end no publisher waits", async () => {
  const pace = new Pace({ events: 1_000, faults: 1 });
  pace.acknowledge(10_000);
  const held = pace.hold();
  pace.finish();
  await held;
  expect(pace.hold()).toBeUndefined();
});

it("requests are under way from their first line to their last", () => {
  const underWay = new UnderWay();
  underWay.take("a", { kind: "publishing", call: "1", attempt: 1, eventType: "et", ids: [] });
  underWay.take("b", { kind: "committing", commit: "2", stream: "s", cursors: [] });
  expect([underWay.requests(["a"]), underWay.requests(["b"]), underWay.requests(["a", "b", "c"])]).toEqual([1, 1, 2]);
  underWay.take("a", { kind: "published", call: "1", attempt: 1, verdicts: "unknown" });
  underWay.take("b", { kind: "not-committed", commit: "2", status: null });
  expect(underWay.requests(["a", "b"])).toBe(0);
});

it("a run whose faults hit too little, or after which nothing came again, proves nothing", () => {
  const figures = new Figures();
  for (const kind of FAULT_KINDS) figures.struck(kind, { streams: 5, requests: kind === "cut" ? 4 : 5 });
  expect(lacking(figures.hits)).toEqual(["cut"]);
  expect(doubtsOf(figures.of([]))).toEqual([
    "cut hit 5 open streams and 4 requests only",
    "no event was delivered twice",
  ]);
  figures.struck("cut", { streams: 0, requests: 1 });
  const batch = { kind: "delivered", lane: "et:0", offset: "001-0001-000000000000000004", ids: ["a", "b"] } as const;
  const history = [1, 2].map((n) => ({ ...batch, seq: n, n, from: "c", stream: String(n) }));
  expect(figures.of(history)).toMatchObject({ delivered: 4, redelivered: 2 });
  expect(doubtsOf(figures.of(history))).toEqual([]);
  expect(lacking(new Map())).toEqual(FAULT_KINDS);
});

it("acknowledged events are counted from the answers to their calls", () => {
  const figures = new Figures();
  const ids = ["a", "b", "c"];
  const call = (name: string): number =>
    figures.take({ kind: "publishing", call: name, attempt: 1, eventType: "et", ids });
  expect([call("1"), call("2")]).toEqual([0, 0]);
  expect(figures.take({ kind: "published", call: "1", attempt: 1, verdicts: "submitted" })).toBe(3);
  const verdicts = ["submitted", "unknown", "submitted"] as const;
  expect(figures.take({ kind: "published", call: "2", attempt: 1, verdicts })).toBe(2);
});
