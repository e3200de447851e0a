/** `/health` (protocol 6.1). */
import type { FastifyInstance } from "fastify";
import { MediaType } from "nakadi-protocol";
import { resource } from "../resource.ts";

export function healthRoutes(app: FastifyInstance): void {
  resource(app, "/health", {
    GET: async (_request, reply) => reply.header("content-type", MediaType.health).send(Buffer.from("OK")),
  });
}
