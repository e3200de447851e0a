import { ManualClock } from "nakadi-protocol";
import type { CoordinationPort } from "nakadi-storage";
import { MemoryEngine } from "nakadi-storage";
import { expect, it, vi } from "vitest";
import { NodeMembership } from "./node-membership.ts";

interface Given {
  engineClock: ManualClock;
  nodeClock: ManualClock;
  coordination: CoordinationPort;
  membership: NodeMembership;
  lost: ReturnType<typeof vi.fn<() => void>>;
  failed: ReturnType<typeof vi.fn<(error: unknown) => void>>;
}

async function joined(): Promise<Given> {
  const [nodeClock, engineClock] = [new ManualClock(), new ManualClock()];
  const { coordination } = new MemoryEngine({ clock: engineClock }).node("n", nodeClock);
  const [lost, failed] = [vi.fn<() => void>(), vi.fn<(error: unknown) => void>()];
  const membership = await NodeMembership.join({ coordination, clock: nodeClock, leaseMs: 10_000, lost, failed });
  return { engineClock, nodeClock, coordination, membership, lost, failed };
}

/** The engine's time passes while the node, which has to renew, stands still. */
function standStill({ engineClock, nodeClock }: Given): void {
  engineClock.advance(60_000);
  nodeClock.advance(5_000);
}

it("a node that stood still for too long ends what it ran and comes back under a new name", async () => {
  const given = await joined();
  const { nodeClock, coordination, membership, lost, failed } = given;
  const first = membership.stay();
  standStill(given);
  await expect.poll(() => membership.isSafe).toBe(true);
  const second = membership.stay();
  expect(second.name).not.toBe(first.name);
  expect([first.isSafe(), second.isSafe()]).toEqual([false, true]);
  expect([lost.mock.calls.length, failed.mock.calls]).toEqual([1, []]);

  const session = { id: "s", node: second.name, requested: [], commitTimeoutMs: 1 };
  await coordination.change("sub", 0, { sessions: [session], topology: [], resetUntilMs: null });
  expect((await coordination.group("sub"))?.alive).toEqual(new Set(["s"]));
  await membership[Symbol.asyncDispose]();
  expect(nodeClock.pending).toBe(0);
});

it("a node without a lease retries with growing pauses, and nothing begins until it gets one", async () => {
  const given = await joined();
  const { nodeClock, coordination, membership, failed } = given;
  const guarded = membership.guarded(coordination);
  const next = { sessions: [], topology: [], resetUntilMs: null };
  expect(await guarded.change("sub", 0, next)).toBe("changed");
  const join = vi.spyOn(coordination, "join").mockRejectedValue(new Error("no connection"));
  standStill(given);
  await expect.poll(() => failed.mock.calls.length).toBe(1);
  for (const pauseMs of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
    const tried = join.mock.calls.length;
    nodeClock.advance(pauseMs - 1);
    expect(join.mock.calls).toHaveLength(tried);
    nodeClock.advance(1);
    await expect.poll(() => failed.mock.calls.length).toBe(tried + 1);
  }
  expect(membership.isSafe).toBe(false);
  expect(() => membership.stay()).toThrow(expect.objectContaining({ status: 503 }));
  const refusals = [guarded.change("sub", 1, next), guarded.commit("sub", "s", []), guarded.force("sub", 1, new Map())];
  for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ status: 503 });
  expect((await guarded.group("sub"))?.group.version).toBe(1);
  join.mockRestore();
  nodeClock.advance(5_000);
  await expect.poll(() => membership.isSafe).toBe(true);
  expect(await guarded.change("sub", 1, next)).toBe("changed");
  await membership[Symbol.asyncDispose]();
});

it("a node that leaves by itself does not come back, nor one that leaves while it gets no lease", async () => {
  const { nodeClock, membership, lost } = await joined();
  await membership[Symbol.asyncDispose]();
  nodeClock.advance(60_000);
  expect([lost.mock.calls, nodeClock.pending, membership.isSafe]).toEqual([[], 0, false]);

  const other = await joined();
  vi.spyOn(other.coordination, "join").mockRejectedValue(new Error("no connection"));
  standStill(other);
  await expect.poll(() => other.failed.mock.calls.length).toBe(1);
  await other.membership[Symbol.asyncDispose]();
  expect(other.nodeClock.pending).toBe(0);
});
