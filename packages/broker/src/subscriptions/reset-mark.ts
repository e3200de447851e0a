/**
 * The mark of a reset of cursors: no stream begins until a time of the wall clock, because the mark outlives the process that
 * made it.
 * @pure
 */
import type { Limits } from "../limits.ts";

/** Sessions may take this long beyond their commit timeout until a reset gives up. */
const GRACE_MS = 1_000;

/** How long a reset may take. */
export function longestResetMs({ maxCommitTimeoutSeconds }: Pick<Limits, "maxCommitTimeoutSeconds">): number {
  return maxCommitTimeoutSeconds * 1_000 + GRACE_MS;
}

/**
 * Whether a mark still counts. One that has far longer to go than a reset may take was made before the wall clock was set
 * back: that reset is over.
 */
export function isResetting(untilMs: number | null, nowMs: number, longestMs: number): boolean {
  const leftMs = untilMs === null ? 0 : untilMs - nowMs;
  // Twice, because a clock that is set back a little during a reset must not end it.
  return leftMs > 0 && leftMs <= 2 * longestMs;
}
