/** Time that passes in a test: the clock moves in small steps, and everything happens after each. */
import type { ManualClock } from "nakadi-protocol";

export async function passTime(
  clock: ManualClock,
  settle: () => Promise<void>,
  ms: number,
  stepMs: number,
): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(left, stepMs));
    await settle();
  }
}
