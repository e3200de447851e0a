/** What a piece of work leaves behind: sockets, servers and timers of this process. */
import { expect } from "vitest";

const WATCHED = ["TCPSocketWrap", "TCPServerWrap", "Timeout", "Immediate"];

function active(): Record<string, number> {
  const all = process.getActiveResourcesInfo().filter((kind) => WATCHED.includes(kind));
  return Object.fromEntries(WATCHED.map((kind) => [kind, all.filter((one) => one === kind).length]));
}

/** Runs `work` and waits until no more is active than before; fails the test if that never happens. */
export async function leavesNothing(work: () => Promise<void>): Promise<void> {
  const before = active();
  await work();
  await expect
    .poll(() => {
      const now = active();
      return WATCHED.filter((kind) => (now[kind] ?? 0) > (before[kind] ?? 0));
    })
    .toEqual([]);
}
