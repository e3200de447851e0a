/** What the server says of itself: `/health`, `/version`, its metrics and strategies (protocol 5.9, 6.1). */
import type { FastifyInstance } from "fastify";
import { MediaType } from "nakadi-protocol";
import type { Domain } from "../domain.ts";
import { sendJson, sendJsonText } from "../replies.ts";
import { queryFlag } from "../request-json.ts";
import { resource } from "../resource.ts";

const INDENTATION = 2;

export function serverStateRoutes(app: FastifyInstance, domain: Domain): void {
  healthRoute(app, domain);
  metricsRoutes(app, domain);
  registryRoutes(app);
}

/** 503 while the storage is read-only, the node has no lease or the broker stops, so that a load balancer sends no requests. */
function healthRoute(app: FastifyInstance, { membership, storageFailure, draining }: Domain): void {
  resource(app, "/health", {
    GET: async (_request, reply) => {
      const failure = storageFailure();
      if (failure) throw failure;
      const [status, text] = draining.begun
        ? [503, "The broker stops"]
        : membership.isSafe
          ? [200, "OK"]
          : [503, "This node has lost its lease and takes a new one"];
      return reply.code(status).header("content-type", MediaType.health).send(Buffer.from(text));
    },
  });
}

/**
 * The shape is the real server's. The content is not part of the contract: heap size, answers by class of status, and places of
 * damaged frames that streams have met.
 */
function metricsRoutes(app: FastifyInstance, { damageLog }: Domain): void {
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
            counters: Object.fromEntries(
              [...answers, ["storage.damaged.places", damageLog.places] as const].map(([name, count]) => [
                name,
                { count },
              ]),
            ),
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

function registryRoutes(app: FastifyInstance): void {
  resource(app, "/registry/partition-strategies", {
    GET: async (_request, reply) => sendJson(reply, 200, ["hash", "user_defined", "random"]),
  });
  resource(app, "/registry/enrichment-strategies", {
    GET: async (_request, reply) => sendJson(reply, 200, ["metadata_enrichment"]),
  });
  resource(app, "/version", {
    GET: async (_request, reply) => sendJson(reply, 200, { scm_source: null }),
  });
}
