/**
 * A wait with a time limit.
 * @pure
 */
import type { Clock } from "nakadi-protocol";

/** Whether `what` resolved before the time limit and before any of the signals was aborted. */
export async function cameWithin(
  what: Promise<void>,
  limitMs: number,
  clock: Clock,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  let end: () => void = () => undefined;
  const late = new Promise<false>((resolve) => (end = () => resolve(false)));
  const timer = clock.schedule(limitMs, end);
  for (const signal of signals) {
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  }
  const came = await Promise.race([what.then(() => true), late]);
  timer.cancel();
  for (const signal of signals) signal.removeEventListener("abort", end);
  return came;
}
