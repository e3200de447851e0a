/**
 * Error bodies of any form: problem objects, OAuth errors, a gateway's HTML.
 * @pure
 */
import type { Problem } from "nakadi-protocol";

/** Characters of each text at most: a gateway may send a whole page. */
const MAX_TEXT = 300;

/** `undefined` if the body has neither title nor detail. Secrets in it are replaced. */
export function problemOf(status: number, body: Uint8Array, secrets: readonly string[]): Problem | undefined {
  const parsed = parse(body);
  if (!parsed) return undefined;
  const text = (name: string): string | undefined => {
    const value = parsed[name];
    if (typeof value !== "string" || value === "") return undefined;
    return secrets.reduce((said, secret) => said.replaceAll(secret, "[token]"), value).slice(0, MAX_TEXT);
  };
  const title = text("title") ?? text("error");
  const detail = text("detail") ?? text("error_description") ?? text("message");
  const type = text("type");
  if (title === undefined && detail === undefined) return undefined;
  return {
    ...(type === undefined ? {} : { type }),
    title: title ?? "",
    status,
    ...(detail === undefined ? {} : { detail }),
  };
}

function parse(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(body)) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
