/** JSON bodies of typed endpoints: they need a JSON content type and a body (protocol 0.3). */
import type { FastifyRequest } from "fastify";
import { unknownCharset } from "./charset.ts";
import { ProblemError } from "../problems.ts";
import { flagOf, parseJson } from "../request-body.ts";

const JSON_TYPE = /^application\/(?:[-\w.]+\+)?json\s*(?:;|$)/i;

/** @throws {ProblemError} 415 for any other content type, 400 for an empty or malformed body */
export function requestJson({ body, headers }: FastifyRequest): unknown {
  const type = headers["content-type"];
  if (type === undefined || !JSON_TYPE.test(type) || unknownCharset(type) !== undefined) {
    throw new ProblemError(415, `Content type '${seenType(type)}' not supported`);
  }
  const text = requestBytes(body).toString("utf8");
  if (text.trim() === "") throw new ProblemError(400, "Required request body is missing");
  return parseJson(text);
}

/** The content type as the real server's framework prints it (recording `misc/media-types`). */
function seenType(type: string | undefined): string {
  if (type === undefined) return "application/octet-stream";
  return /;\s*charset=/i.test(type) ? type : `${type};charset=UTF-8`;
}

/** The body as sent; empty without one. */
export function requestBytes(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** The parameters of the query; a repeated one has its first value. */
export function queryParameters({ query }: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(query as Record<string, string | readonly string[]>);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "string" ? value : value[0]]));
}

/** @throws {ProblemError} 400 for a value other than true and false */
export function queryFlag(request: FastifyRequest, name: string): boolean {
  return flagOf(name, queryParameters(request)[name]);
}

/** A header as one string, also if it is repeated. */
export function headerText({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

export function pathParameter({ params }: FastifyRequest, name: string): string {
  return (params as Record<string, string | undefined>)[name] ?? "";
}
