/** Waits for a hint or a time, whichever is first: hints may be lost, so the caller checks again after either. */
import type { Clock } from "nakadi-protocol";

/** @param listen begins to listen; disposing of its result ends that */
export function nextHint(clock: Clock, pollMs: number, listen: (hint: () => void) => Disposable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      listening[Symbol.dispose]();
      resolve();
    };
    // In this order, so that a failure to listen leaves no timer.
    const listening = listen(done);
    const timer = clock.schedule(pollMs, done);
  });
}
