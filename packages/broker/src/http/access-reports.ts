/** Each answered request is reported, once its answer is over, also where the client has gone before (protocol 6.9). */
import type { FastifyInstance } from "fastify";
import { type Clock, Header } from "nakadi-protocol";
import type { Reports } from "../reports/reports.ts";

/** What the server writes where a header is absent. */
const ABSENT = "-";

export function accessReports(app: FastifyInstance, reports: Reports, clock: Clock): void {
  app.addHook("onRequest", async ({ method, url, headers }, reply) => {
    const startedMs = clock.monotonicMs();
    // A hook for what is answered in full would miss most streams: it is their clients who end them.
    reply.raw.once("close", () => {
      const { headersSent, statusCode } = reply.raw;
      if (!headersSent) return;
      const responseLength = reply.getHeader("content-length");
      const spentMs = Math.round(clock.monotonicMs() - startedMs);
      reports.indicate("nakadi.access.log", () => {
        const [path = "", ...query] = url.split("?");
        return {
          method,
          path,
          query: query.length > 0 ? `?${query.join("?")}` : "",
          user_agent: headers["user-agent"] ?? ABSENT,
          status_code: statusCode,
          response_time_ms: spentMs,
          accept_encoding: headers[Header.acceptEncoding] ?? ABSENT,
          content_encoding: headers[Header.contentEncoding] ?? ABSENT,
          request_length: length(headers["content-length"]),
          response_length: length(responseLength),
        };
      });
    });
  });
}

function length(header: number | string | readonly string[] | undefined): number {
  const value = Number(header ?? 0);
  return Number.isSafeInteger(value) ? value : 0;
}
