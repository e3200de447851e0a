/**
 * Answers without a route: a status, headers and a body (protocol 0.5).
 * @pure
 */
import type { Problem } from "nakadi-protocol";
import { isRefusedPath } from "./path-rules.ts";

export interface PlainAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

const UTF_8 = new TextEncoder();

export function problemAnswer(problem: Problem, headers: Readonly<Record<string, string>> = {}): PlainAnswer {
  const type = "application/problem+json";
  return { status: problem.status, headers: { ...headers, "content-type": type }, body: json(problem) };
}

/** The answer of the servlet container, for requests that do not reach Nakadi. */
export function containerAnswer(status: number, error: string, path: string, nowMs: number): PlainAnswer {
  const timestamp = new Date(nowMs).toISOString().replace("Z", "+00:00");
  const body = json({ timestamp, status, error, path });
  return { status, headers: { "content-type": "application/json" }, body };
}

export interface UnroutedRequest {
  method: string;
  /** The path without the query. */
  path: string;
  /** The methods of the path; absent for an unknown path. */
  allow: string | undefined;
  /** Milliseconds of the wall clock. */
  nowMs: number;
}

/** For an unknown path, or a method that the path lacks. */
export function unroutedAnswer({ method, path, allow, nowMs }: UnroutedRequest): PlainAnswer {
  if (isRefusedPath(path)) return containerAnswer(400, "Bad Request", path, nowMs);
  if (allow === undefined) return containerAnswer(404, "Not Found", path, nowMs);
  if (method === "OPTIONS") return { status: 200, headers: { allow: allowedOptions(allow) }, body: new Uint8Array() };
  const detail = `Request method '${method}' not supported`;
  return problemAnswer({ title: "Method Not Allowed", status: 405, detail }, { allow });
}

/** Only this answer names the methods that the real server's framework adds. */
function allowedOptions(allow: string): string {
  return [allow.replace(/\bGET\b/, "GET,HEAD"), "OPTIONS"].join();
}

function json(value: unknown): Uint8Array {
  return UTF_8.encode(JSON.stringify(value));
}
