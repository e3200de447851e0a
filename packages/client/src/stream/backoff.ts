/**
 * The delay before a retry: min(max, initial × 1.5ⁿ) ± 50 %.
 * @pure
 */
export interface BackoffOptions {
  /** Milliseconds before the first retry. Default 10. */
  initialDelayMs: number;
  /** Milliseconds at most, before the random spread. Default 10 000. */
  maxDelayMs: number;
}

const FACTOR = 1.5;
const SPREAD = 0.5;

/**
 * @param failures retries in a row that have failed; 0 for the first retry
 * @param random at least 0, less than 1
 * @param atLeastMs the delay that the server asked for
 */
export function backoffMs(
  failures: number,
  { initialDelayMs, maxDelayMs }: BackoffOptions,
  random: number,
  atLeastMs = 0,
): number {
  const planned = Math.min(maxDelayMs, initialDelayMs * FACTOR ** failures);
  return Math.max(atLeastMs, planned * (1 + SPREAD * (2 * random - 1)));
}
