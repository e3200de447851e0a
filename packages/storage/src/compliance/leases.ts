/**
 * Leases: kept while the node renews, lost by the engine's clock when it does not, and what a lost one fences off.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { describe, expect, it } from "vitest";
import type { CoordinationPort, NodeLease, Storage } from "../ports.ts";
import { at, NO_ONE, progressAt, session, topology, versionOf } from "./groups.ts";
import { eventually } from "./subject.ts";
import type { WithTwoNodes } from "./subject.ts";

const TTL_MS = 9_000;
const COMMIT = [{ partition: "e:0" as const, at: at(5) }];

export function leasesCompliance(twoNodes: WithTwoNodes): void {
  describe("a node's lease", () => {
    it(
      "keeps the node's sessions alive, and no others",
      twoNodes.timed(async ({ a, b, clock }) => {
        const [onA, onB] = [randomUUID(), randomUUID()];
        const lease = await a.coordination.join(onA, TTL_MS);
        await b.coordination.join(onB, TTL_MS);
        const sessions = [session("s", onA), session("t", onB), session("u", "no-such-node")];
        await a.coordination.change("sub", 0, { ...NO_ONE, sessions });
        for (let hour = 0; hour < 3; hour++) {
          for (const { coordination } of [a, b]) {
            expect(await aliveIn(coordination)).toEqual(["s", "t"]);
            expect(await coordination.living()).toEqual(new Set([onA, onB]));
          }
          expect(lease.lost.aborted).toBe(false);
          expect(lease.safeUntil()).toBeGreaterThan(clock.monotonicMs());
          await pass(clock, 20 * TTL_MS);
        }
      }),
    );

    for (const [how, end] of Object.entries({
      "is disposed of": (_node: Storage, lease: NodeLease) => lease[Symbol.asyncDispose](),
      "has closed": (node: Storage) => node.close(),
    })) {
      it(
        `ends at once when it ${how}`,
        twoNodes(async ({ b, engine }) => {
          const node = engine.node("c");
          const lease = await joinAndOwn(node.coordination);
          expect(await b.coordination.commit("sub", "s", COMMIT)).toEqual(["committed"]);
          await end(node, lease);
          await end(node, lease);
          await expectLost(b.coordination, lease);
          expect(await b.coordination.living()).toEqual(new Set());
          await node.close();
        }),
      );
    }

    it(
      "is lost by the engine's clock while the node stands still, and does not come back",
      twoNodes.timed(async ({ b, engine, clock }) => {
        const frozen = new ManualClock();
        const node = engine.node("c", frozen);
        const lease = await joinAndOwn(node.coordination);
        clock.advance(TTL_MS - 1);
        expect(await aliveIn(b.coordination)).toEqual(["s"]);
        clock.advance(1);
        await eventually(clock, async () => (await aliveIn(b.coordination)).length === 0);
        expect(await b.coordination.commit("sub", "s", COMMIT)).toEqual(["no-session"]);
        expect(await node.coordination.commit("sub", "s", COMMIT)).toEqual(["no-session"]);
        await eventually(frozen, () => {
          frozen.advance(TTL_MS / 3);
          return lease.lost.aborted;
        });
        await pass(clock, 3 * TTL_MS);
        await expectLost(b.coordination, lease);
        await node.close();
      }),
    );

    it(
      "is never safe any more where others see it lost, however the node stands still",
      twoNodes.timed(async ({ b, engine, clock }) => {
        const anyPause = fc.record({ runsMs: fc.nat(2 * TTL_MS), standsMs: fc.nat(2 * TTL_MS) });
        await fc.assert(
          fc.asyncProperty(fc.array(anyPause, { maxLength: 6 }), async (pauses) => {
            const own = new ManualClock();
            const node = engine.node("c", own);
            const id = randomUUID();
            const lease = await node.coordination.join(id, TTL_MS);
            await b.coordination.change(id, 0, { ...NO_ONE, sessions: [session("s", id)] });
            for (const { runsMs, standsMs } of pauses) {
              for (let ms = 0; ms < runsMs; ms += TTL_MS / 9) {
                await Promise.all([pass(own, TTL_MS / 9), pass(clock, TTL_MS / 9)]);
              }
              clock.advance(standsMs);
              await pass(own, standsMs);
              const held = (await aliveIn(b.coordination, id)).length > 0;
              if (!held) expect(own.monotonicMs()).toBeGreaterThanOrEqual(lease.safeUntil());
              expect(lease.safeUntil()).toBeLessThanOrEqual(own.monotonicMs() + TTL_MS);
              if (lease.lost.aborted) expect(held).toBe(false);
            }
            await node.close();
          }),
          { numRuns: 30 },
        );
      }),
    );

    it(
      "is not held twice under one name, nor for no time",
      twoNodes(async ({ a, b }) => {
        const node = randomUUID();
        const lease = await a.coordination.join(node, TTL_MS);
        await expect(b.coordination.join(node, TTL_MS)).rejects.toThrow(RangeError);
        for (const ttlMs of [0, -1, NaN, Infinity])
          await expect(a.coordination.join(randomUUID(), ttlMs)).rejects.toThrow(RangeError);
        expect(lease.lost.aborted).toBe(false);
      }),
    );

    it(
      "leaves what others may take over",
      twoNodes.timed(async ({ a, b, engine }) => {
        const node = engine.node("c");
        await joinAndOwn(node.coordination);
        await node.close();
        const heir = randomUUID();
        await a.coordination.join(heir, TTL_MS);
        const version = await versionOf(b.coordination, "sub");
        const next = {
          ...NO_ONE,
          sessions: [session("t", heir)],
          topology: topology({ "e:0": "t" }),
        };
        expect(await b.coordination.change("sub", version, next)).toBe("changed");
        expect(await a.coordination.commit("sub", "t", COMMIT)).toEqual(["committed"]);
        expect(await b.coordination.commit("sub", "s", COMMIT)).toEqual(["no-session"]);
      }),
    );
  });
}

/** A session `s` of a new node that owns `e:0` of subscription `sub`. */
async function joinAndOwn(coordination: CoordinationPort): Promise<NodeLease> {
  const node = randomUUID();
  const lease = await coordination.join(node, TTL_MS);
  const next = { ...NO_ONE, sessions: [session("s", node)], topology: topology({ "e:0": "s" }) };
  await coordination.change("sub", 0, next, new Map([["e:0", progressAt(1)]]));
  return lease;
}

async function expectLost(other: CoordinationPort, lease: NodeLease): Promise<void> {
  expect(lease.lost.aborted).toBe(true);
  expect(lease.safeUntil()).toBe(-Infinity);
  expect(await aliveIn(other)).toEqual([]);
  const before = await other.progress("sub");
  expect(await other.commit("sub", "s", [{ partition: "e:0", at: at(99) }])).toEqual(["no-session"]);
  expect(await other.progress("sub")).toEqual(before);
}

async function aliveIn(coordination: CoordinationPort, subscription = "sub"): Promise<string[]> {
  return [...((await coordination.group(subscription))?.alive ?? [])].sort();
}

/** Time passes in steps that leave an engine with I/O the chance to renew. */
async function pass(clock: ManualClock, byMs: number): Promise<void> {
  for (let left = byMs; left > 0; left -= TTL_MS / 9) {
    clock.advance(Math.min(left, TTL_MS / 9));
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
