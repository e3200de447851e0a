import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Owned, PartitionKey, Session } from "nakadi-storage";
import { balance, release } from "./balancer.ts";

const key = (partition: number): PartitionKey => `et:${partition}`;

function session(id: string, ...requested: number[]): Session {
  return { id, node: "n", requested: requested.map(key), commitTimeoutMs: 60_000 };
}

function unowned(count: number): Owned[] {
  return Array.from({ length: count }, (_, partition) => ({ partition: key(partition), session: null, next: null }));
}

/** The owner, or next owner, of each partition. */
function targets(topology: readonly Owned[]): (string | null)[] {
  return topology.map(({ session: owner, next }) => next ?? owner);
}

describe("balance", () => {
  it("gives everything to the only session, at once", () => {
    const { topology } = balance([session("a")], unowned(3));
    expect(topology).toEqual(unowned(3).map((owned) => ({ ...owned, session: "a" })));
  });

  it("hands over through the owner when another session joins", () => {
    const first = balance([session("a")], unowned(4)).topology;
    const { topology } = balance([session("a"), session("b")], first);
    expect(topology.map(({ session: owner, next }) => [owner, next])).toEqual([
      ["a", null],
      ["a", null],
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("gives the remainder to the first sessions in the order of their ids", () => {
    const { topology } = balance([session("c"), session("a"), session("b")], unowned(5));
    const count = (id: string): number => targets(topology).filter((one) => one === id).length;
    expect([count("a"), count("b"), count("c")]).toEqual([2, 2, 1]);
  });

  it("pins requested partitions and spreads the rest", () => {
    const { topology } = balance([session("a"), session("d", 1, 2)], unowned(4));
    expect(targets(topology)).toEqual(["a", "d", "d", "a"]);
  });

  it("changes nothing when direct streams leave too few partitions for the automatic ones", () => {
    const before = balance([session("a"), session("b")], unowned(2)).topology;
    expect(balance([session("a"), session("b"), session("d", 0)], before).topology).toEqual(before);
  });

  it("lets a direct stream have all partitions when it is the only one", () => {
    expect(targets(balance([session("d", 0, 1)], unowned(2)).topology)).toEqual(["d", "d"]);
  });

  it("takes what a dead session had", () => {
    const before = balance([session("a"), session("b")], unowned(4)).topology;
    const { topology } = balance([session("b")], before);
    expect(topology.every(({ session: owner, next }) => owner === "b" && next === null)).toBe(true);
  });

  it("leaves a partition with its owner when the session that waits for it dies", () => {
    const joined = balance([session("a"), session("b")], balance([session("a")], unowned(2)).topology).topology;
    expect(joined.some(({ next }) => next === "b")).toBe(true);
    const { topology } = balance([session("a")], joined);
    expect(topology.map(({ session: owner, next }) => [owner, next])).toEqual([
      ["a", null],
      ["a", null],
    ]);
  });
});

describe("balance, whatever joins, leaves and is released", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("join" as const), id: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant("leave" as const), id: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant("release" as const), id: fc.integer({ min: 0, max: 11 }) }),
  );

  it("keeps every partition with one owner, even within one, and settles", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 40 }), (partitions, steps) => {
        let sessions: Session[] = [];
        let topology: readonly Owned[] = unowned(partitions);
        for (const { kind, id } of steps) {
          if (kind === "release") {
            const owned = topology[id % partitions];
            if (owned?.session) topology = release(topology, owned.session, owned.partition);
          } else {
            const others = sessions.filter((one) => one.id !== `s${id}`);
            sessions = kind === "join" && others.length < partitions ? [...others, session(`s${id}`)] : others;
            ({ topology } = balance(sessions, topology));
          }
          expect(topology.map(({ partition }) => partition)).toEqual(unowned(partitions).map((one) => one.partition));
          if (sessions.length === 0) continue;
          const counts = sessions.map((one) => targets(topology).filter((target) => target === one.id).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(partitions);
          expect(balance(sessions, topology).topology).toEqual(topology);
        }
      }),
    );
  });

  it("moves no more partitions than the quotas demand", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 11 }), (partitions, present) => {
        const count = Math.min(present, partitions - 1);
        const sessions = Array.from({ length: count }, (_, index) => session(`s${String(index).padStart(2, "0")}`));
        const before = balance(sessions, unowned(partitions)).topology;
        const after = balance([...sessions, session("t")], before).topology;
        const moved = after.filter((owned, index) => owned.next !== before[index]?.next);
        expect(moved.length).toBe(Math.floor(partitions / (count + 1)));
      }),
    );
  });
});
