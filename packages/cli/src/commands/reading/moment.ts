/**
 * Points in time, as people type them.
 * @pure
 */
const UNITS = { s: 1_000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+)(s|min|m|h|d)$/;
/** A date with or without a time; a time without a zone is this machine's. */
const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds: 90s, 15min (or 15m), 2h, 1d. `undefined` if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : undefined;
}

/** Milliseconds since 1970, 0 at least, of an ISO 8601 time or of a duration ago. `undefined` if it is neither. */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return Math.max(0, nowMs - ago);
  const parsed = ISO.test(text) ? Date.parse(text.replace(" ", "T")) : NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
