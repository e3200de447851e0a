/**
 * Paths below a base URL that may have a path of its own: appended, never resolved.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";

/** Origin and path of a base URL, without a slash at its end. */
export interface BaseUrl {
  origin: string;
  path: string;
}

/** @throws {ConfigError} */
export function parseBaseUrl(text: string): BaseUrl {
  const allowed = "an http or https address without query, fragment or user, e.g. https://nakadi.example.org";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigError("options.baseUrl", allowed);
  }
  const plain = url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (!plain || !["http:", "https:"].includes(url.protocol)) throw new ConfigError("options.baseUrl", allowed);
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, "") };
}

/** The encoded segments, each after a slash. */
export function pathOf(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeSegment(segment)}`).join("");
}

/** A dot segment has its meaning even when it is encoded, and an empty segment addresses another resource. */
function encodeSegment(segment: string): string {
  const allowed = "a text that is neither empty nor a dot segment, without half surrogate pairs";
  if (segment === "" || segment === "." || segment === "..") throw new ConfigError("a name or id", allowed);
  try {
    return encodeURIComponent(segment);
  } catch {
    throw new ConfigError("a name or id", allowed);
  }
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

export type Query = Readonly<Record<string, QueryValue>>;

/** The query with its question mark; empty if every value is `undefined`. */
export function queryOf(parameters: Query): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}=${encodeURIComponent(String(one))}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

export function withoutQuery(path: string): string {
  return path.split("?", 1)[0] ?? path;
}
