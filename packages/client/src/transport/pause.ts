/** Waiting between two tries, or for another turn. */
import type { Clock } from "nakadi-protocol";
import { holdProcess } from "./hold-process.ts";

/**
 * Waits on the clock, and holds the process meanwhile.
 * @param signal aborted: the wait fails with its reason
 * @param once aborted: the wait is over
 */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal, once?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = holdProcess();
    const end = (): void => {
      release();
      timer.cancel();
      once?.removeEventListener("abort", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = clock.schedule(delayMs, end);
    once?.addEventListener("abort", end, { once: true });
    signal?.addEventListener("abort", end, { once: true });
    if (once?.aborted || signal?.aborted) end();
  });
}
