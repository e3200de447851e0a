/**
 * The mark of a reset of cursors: no stream begins until the marked time. It is a time of the wall clock, because the mark
 * outlives its process.
 * @pure
 */
import type { Limits } from "../limits.ts";

/** How long after its commit timeout a session may still end. */
const GRACE_MS = 1_000;

/** The longest time of a reset, in milliseconds. */
export function longestResetMs({ maxCommitTimeoutSeconds }: Pick<Limits, "maxCommitTimeoutSeconds">): number {
  return maxCommitTimeoutSeconds * 1_000 + GRACE_MS;
}

/**
 * Whether a mark still holds. A mark too far in the future was made before the wall clock was set back, so its reset is
 * over.
 */
export function isResetting(untilMs: number | null, nowMs: number, longestMs: number): boolean {
  const leftMs = untilMs === null ? 0 : untilMs - nowMs;
  // Twice, so that a small step back of the clock does not end a running reset.
  return leftMs > 0 && leftMs <= 2 * longestMs;
}
