/** The wait of a back-off or a poll. */
import type { Clock } from "nakadi-protocol";
import { holdProcess } from "./hold-process.ts";

/**
 * Waits on the clock and keeps the process alive until then.
 * @param signal its abort rejects with its reason
 * @param once its abort ends the wait without an error
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
