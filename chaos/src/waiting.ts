/** Waits for a condition by polling. */
import { setTimeout as sleep } from "node:timers/promises";

/** Whether it comes true in time. It is asked again and again, every few milliseconds at most. */
export async function holdsIn(timeoutMs: number, holds: () => Promise<boolean> | boolean): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 1; !(await holds()); pauseMs = Math.min(50, pauseMs * 1.1)) {
    if (performance.now() > deadline) return false;
    await sleep(pauseMs);
  }
  return true;
}

/** @throws {Error} if it does not come true in time */
export async function until(what: string, timeoutMs: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  if (!(await holdsIn(timeoutMs, holds))) throw new Error(`${what} did not happen within ${timeoutMs / 1_000} s`);
}
