/** A path with the methods it has; every other method is answered 405 (protocol 0.5). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ProblemError } from "../problems.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
type Method = (typeof METHODS)[number];

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** @param handlers in the order in which `Allow` names them */
export function resource(app: FastifyInstance, url: string, handlers: Partial<Record<Method, Handler>>): void {
  for (const [method, handler] of Object.entries(handlers)) {
    app.route({ method, url, handler });
  }
  const others = METHODS.filter((method) => !(method in handlers));
  const allow = Object.keys(handlers).join(",");
  app.route({
    method: others,
    url,
    handler: ({ method }) => {
      throw new ProblemError(405, `Request method '${method}' not supported`, { allow });
    },
  });
}
