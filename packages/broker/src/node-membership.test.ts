import { ManualClock } from "nakadi-protocol";
import { expect, it, vi } from "vitest";
import { MemoryEngine } from "nakadi-storage";
import { NodeMembership } from "./node-membership.ts";

it("a node that stood still for too long ends what it ran and comes back under a new name", async () => {
  const [engineClock, nodeClock] = [new ManualClock(), new ManualClock()];
  const { coordination } = new MemoryEngine({ clock: engineClock }).node("n", nodeClock);
  const [lost, failed] = [vi.fn(async () => undefined), vi.fn()];
  const membership = await NodeMembership.join(coordination, lost, failed);
  const first = membership.name;
  // The engine's time passes while the node, which has to renew, stands still.
  engineClock.advance(60_000);
  nodeClock.advance(60_000);
  await expect.poll(() => membership.name).not.toBe(first);
  expect([lost.mock.calls.length, failed.mock.calls]).toEqual([1, []]);

  const session = { id: "s", node: membership.name, requested: [], commitTimeoutMs: 1 };
  await coordination.change("sub", 0, { sessions: [session], topology: [], resetUntilMs: null });
  expect((await coordination.group("sub"))?.alive).toEqual(new Set(["s"]));
  await membership[Symbol.asyncDispose]();
  expect(nodeClock.pending).toBe(0);
});

it("a node that leaves by itself does not come back", async () => {
  const clock = new ManualClock();
  const { coordination } = new MemoryEngine({ clock }).node("n");
  const lost = vi.fn(async () => undefined);
  const membership = await NodeMembership.join(coordination, lost, vi.fn());
  await membership[Symbol.asyncDispose]();
  clock.advance(60_000);
  expect([lost.mock.calls, clock.pending]).toEqual([[], 0]);
});
