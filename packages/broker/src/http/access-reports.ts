/** Each answered request is reported (protocol 6.9). */
import type { FastifyInstance } from "fastify";
import { Header } from "nakadi-protocol";
import type { Reports } from "../reports/reports.ts";

/** What the server writes where a header is absent. */
const ABSENT = "-";

export function accessReports(app: FastifyInstance, reports: Reports): void {
  app.addHook("onResponse", async ({ method, url, headers }, reply) => {
    const { statusCode, elapsedTime } = reply;
    const responseLength = reply.getHeader("content-length");
    reports.indicate("nakadi.access.log", () => {
      const [path = "", ...query] = url.split("?");
      return {
        method,
        path,
        query: query.length > 0 ? `?${query.join("?")}` : "",
        user_agent: headers["user-agent"] ?? ABSENT,
        status_code: statusCode,
        response_time_ms: Math.round(elapsedTime),
        accept_encoding: headers[Header.acceptEncoding] ?? ABSENT,
        content_encoding: headers[Header.contentEncoding] ?? ABSENT,
        request_length: length(headers["content-length"]),
        response_length: length(responseLength),
      };
    });
  });
}

function length(header: number | string | readonly string[] | undefined): number {
  const value = Number(header ?? 0);
  return Number.isSafeInteger(value) ? value : 0;
}
