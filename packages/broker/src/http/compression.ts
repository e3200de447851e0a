/** Compressed requests and answers (protocol 0.2): requests on POST only, answers if the client accepts gzip. */
import { promisify } from "node:util";
import zlib from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Header } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";
import { problem } from "./replies.ts";
import { unzstd, ZstdUnavailableError } from "./zstd.ts";

const gzip = promisify(zlib.gzip);
const gunzip = promisify(zlib.gunzip);

/** Bytes below which an answer is sent uncompressed. */
const MIN_COMPRESSED_BYTES = 32;

export function compression(app: FastifyInstance, maxBodyBytes: number): void {
  app.addHook("onRequest", async ({ method, headers }, reply) => {
    if (method === "POST" || headers[Header.contentEncoding] === undefined) return undefined;
    return sendFilterProblem(reply, 406, `${method} method doesn't support gzip content encoding`);
  });

  app.addHook("preValidation", async (request, reply) => {
    const encoding = encodingOf(request);
    if (!Buffer.isBuffer(request.body) || encoding === undefined) return undefined;
    try {
      request.body = await (encoding === "gzip"
        ? gunzip(request.body, { maxOutputLength: maxBodyBytes })
        : unzstd(request.body, maxBodyBytes));
      return undefined;
    } catch (error) {
      if (error instanceof RangeError) return sendFilterProblem(reply, 413, "Request body is too large");
      if (error instanceof ZstdUnavailableError) return sendFilterProblem(reply, 415, error.message);
      // The real server refuses invalid gzip in a filter, and invalid zstd where it reads the body.
      if (encoding === "zstd") throw new ProblemError(400, "Not in ZSTD format");
      return sendFilterProblem(reply, 400, "Not in GZIP format");
    }
  });

  app.addHook("onSend", async (request, reply, payload) => {
    if (!Buffer.isBuffer(payload) || payload.length < MIN_COMPRESSED_BYTES || !acceptsGzip(request)) return payload;
    reply.header(Header.contentEncoding, "gzip").header("vary", "accept-encoding").removeHeader("content-length");
    return gzip(payload);
  });
}

export function acceptsGzip({ headers }: FastifyRequest): boolean {
  const accepted = headers[Header.acceptEncoding];
  return (accepted ?? "")
    .split(",")
    .some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding));
}

/** A value that contains the name counts; any other leaves the body as sent. */
function encodingOf({ headers }: FastifyRequest): "gzip" | "zstd" | undefined {
  const value = headers[Header.contentEncoding]?.toLowerCase() ?? "";
  return (["gzip", "zstd"] as const).find((name) => value.includes(name));
}

/** Answers of the real server's filters have no content type. */
function sendFilterProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const body = Buffer.from(JSON.stringify(problem(status, detail)));
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(status, { "content-length": body.length }).end(body);
  return reply;
}
