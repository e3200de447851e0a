/** Waiting between two tries. */
import type { Clock } from "nakadi-protocol";
import { holdProcess } from "./hold-process.ts";

/** Waits on the clock, and holds the process meanwhile; an abort of `once` ends the wait, one of `signal` fails it. */
export function pause(clock: Clock, delayMs: number, once: AbortSignal, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = holdProcess();
    const end = (): void => {
      release();
      timer.cancel();
      once.removeEventListener("abort", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = clock.schedule(delayMs, end);
    once.addEventListener("abort", end, { once: true });
    signal?.addEventListener("abort", end, { once: true });
    if (once.aborted || signal?.aborted) end();
  });
}
