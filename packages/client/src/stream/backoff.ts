/**
 * How long to wait before the next try: min(max, initial × 1.5ⁿ) ± 50 % (design 3.2).
 * @pure
 */
export interface BackoffOptions {
  /** Milliseconds before the first retry. Default 10. */
  initialDelayMs: number;
  /** Milliseconds at most, before chance is added. Default 10 000. */
  maxDelayMs: number;
}

const FACTOR = 1.5;
const SPREAD = 0.5;

/**
 * @param failures tries in a row that have failed before this one counts; 0 for the first retry
 * @param random 0 up to 1
 * @param atLeastMs what the server asked for
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
