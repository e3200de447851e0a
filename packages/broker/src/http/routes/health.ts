/** `/health` (protocol 6.1): 503 once nothing is stored any more. */
import type { FastifyInstance } from "fastify";
import { MediaType } from "nakadi-protocol";
import type { Domain } from "../domain.ts";
import { resource } from "../resource.ts";

type HealthParts = Pick<Domain, "membership" | "storageFailure">;

/** 503 too while the node holds no lease: what balances the load sends nothing to it then. */
export function healthRoutes(app: FastifyInstance, { membership, storageFailure }: HealthParts): void {
  resource(app, "/health", {
    GET: async (_request, reply) => {
      const failure = storageFailure();
      if (failure) throw failure;
      const [status, text] = membership.isSafe ? [200, "OK"] : [503, "This node takes a new place among the nodes"];
      return reply.code(status).header("content-type", MediaType.health).send(Buffer.from(text));
    },
  });
}
