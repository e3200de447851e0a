/** Waiting for a hint, or for some time: hints may be lost, so the caller looks again after either. */
import type { Clock } from "nakadi-protocol";

/** @param listen begins to listen; its result ends that */
export function nextHint(clock: Clock, pollMs: number, listen: (hint: () => void) => Disposable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      listening[Symbol.dispose]();
      resolve();
    };
    // In this order: what cannot listen leaves no timer behind.
    const listening = listen(done);
    const timer = clock.schedule(pollMs, done);
  });
}
