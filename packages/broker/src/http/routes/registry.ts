/** Which strategies there are, and which server this is (protocol 5.9, 6.1). */
import type { FastifyInstance } from "fastify";
import { sendJson } from "../replies.ts";
import { resource } from "../resource.ts";

export function registryRoutes(app: FastifyInstance): void {
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
