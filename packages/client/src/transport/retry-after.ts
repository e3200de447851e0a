/**
 * `Retry-After`: seconds or a date.
 * @pure
 */

/** The client waits no longer than this, whatever the server asks for. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/** Milliseconds from now; `undefined` if the header is missing or invalid. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const waitMs = /^[0-9]+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS);
}
