/**
 * What no answer may be, whatever was asked (protocol 0.2 to 0.6).
 * @pure
 */
import type { AnyAnswer, AnyRequest } from "./request.ts";

/** Failures of the server that the protocol gives this very answer. */
const ALLOWED_FAILURES: readonly RegExp[] = [
  /^500 Timeout resetting cursors$/,
  /^501 Event Type creation is disabled$/,
  /^503 (?:Database is currently in read-only mode|Event type is currently in maintenance|Subscription creation is temporarily)/,
];

/** What is wrong with an answer; nothing if nothing is. */
export function faultOf({ method }: AnyRequest, { status, headers, body, isStream }: AnyAnswer): string | undefined {
  const text = Buffer.from(body).toString();
  if (status < 200 || status > 599) return `status ${status}`;
  const json = parsed(text);
  const { status: said, title, detail } = (json ?? {}) as { status?: unknown; title?: unknown; detail?: unknown };
  if (status >= 500 && !ALLOWED_FAILURES.some((allowed) => allowed.test(`${status} ${String(detail)}`)))
    return `${status} ${text}`;
  if (typeof headers["x-flow-id"] !== "string") return "no X-Flow-Id";
  const type = headers["content-type"];
  if (isStream) return type === "application/x-json-stream" ? undefined : `a stream of type ${String(type)}`;
  if (method === "HEAD") return undefined;
  if (text === "") {
    const length = headers["content-length"];
    if (type !== undefined) return `an empty body of type ${String(type)}`;
    // Where it is not clear what a client accepts, it gets nothing to read.
    return (status >= 400 && status !== 406) || (status === 204) !== (length === undefined)
      ? `an empty ${status}, length ${String(length)}`
      : undefined;
  }
  if (type === "text/plain;charset=iso-8859-1") return text === "OK" ? undefined : text;
  if (json === undefined) return `no JSON: ${text}`;
  if (Array.isArray(json) || status < 400)
    return type === "application/json" ? undefined : `JSON of type ${String(type)}`;
  if (said !== status) return `a problem that does not say its status: ${text}`;
  if (type === "application/json") return "timestamp" in (json as object) ? undefined : `a problem of type ${type}`;
  // Filters answer without a type.
  if (type === undefined) return [400, 406, 413, 415].includes(status) ? undefined : `a ${status} without a type`;
  if (type !== "application/problem+json" && type !== "application/x.problem+json")
    return `a problem of type ${String(type)}`;
  return typeof title === "string" ? undefined : `a problem without a title: ${text}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
