/** Reports each answered request when its connection or answer ends, also where the client disconnects first (protocol 6.9). */
import type { FastifyInstance } from "fastify";
import { type Clock, Header } from "nakadi-protocol";
import type { Reports } from "../reports/reports.ts";

/** The value in place of an absent header. */
const ABSENT = "-";

export function accessReports(app: FastifyInstance, reports: Reports, clock: Clock): void {
  app.addHook("onRequest", async ({ method, url, headers }, reply) => {
    const startedMs = clock.monotonicMs();
    // `onResponse` would miss most streams, because their clients disconnect.
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
