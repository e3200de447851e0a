/**
 * What can be said about a token without showing it.
 * @pure
 */
import type { Finding } from "./finding.ts";

/** A token that is none of the self-describing kind is only known to be there. */
export function tokenHealth(token: string, source: string, nowMs: number): Finding {
  const expiresMs = expiryOf(token);
  if (expiresMs === undefined) return { what: "token", verdict: "good", says: `found (from ${source})` };
  const minutes = Math.round((expiresMs - nowMs) / 60_000);
  if (expiresMs > nowMs) {
    return { what: "token", verdict: "good", says: `found (from ${source}), expires in ${minutes} min` };
  }
  return {
    what: "token",
    verdict: "bad",
    says: `found (from ${source}), but it expired ${-minutes} min ago`,
    todo: "get a new one",
  };
}

/** The `exp` of a JSON web token, in milliseconds. */
function expiryOf(token: string): number | undefined {
  const parts = token.split(".");
  const payload = parts[1];
  if (parts.length !== 3 || payload === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { exp?: unknown } | null;
    return typeof claims?.exp === "number" ? claims.exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
