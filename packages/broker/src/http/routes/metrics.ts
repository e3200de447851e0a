/** `/metrics`, `/request-metrics`, `/stream-metrics`: the shape of the server's metrics (protocol 6.1). */
import type { FastifyInstance } from "fastify";
import { sendJsonText } from "../replies.ts";
import { queryFlag } from "../request-json.ts";
import { resource } from "../resource.ts";

const INDENTATION = 2;

/** Content is not part of the contract: what the process says of itself, and how many requests were answered. */
export function metricsRoutes(app: FastifyInstance): void {
  const answers = new Map<string, number>();
  app.addHook("onResponse", async (_request, reply) => {
    const name = `responses.${Math.floor(reply.statusCode / 100)}xx`;
    answers.set(name, (answers.get(name) ?? 0) + 1);
  });

  for (const path of ["/metrics", "/request-metrics", "/stream-metrics"]) {
    resource(app, path, {
      GET: async (request, reply) => {
        const body = JSON.stringify(
          {
            version: "4.0.0",
            gauges: { "memory.heap.used": { value: process.memoryUsage().heapUsed } },
            counters: Object.fromEntries([...answers].map(([name, count]) => [name, { count }])),
            histograms: {},
            meters: {},
            timers: {},
          },
          null,
          queryFlag(request, "pretty") ? INDENTATION : undefined,
        );
        return sendJsonText(reply, 200, body);
      },
    });
  }
}
