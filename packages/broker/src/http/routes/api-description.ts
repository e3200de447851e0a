/** The routes of this server as an OpenAPI document (protocol 6.1). */
import type { FastifyInstance } from "fastify";
import { sendJson } from "../replies.ts";
import { onDeclared, resource } from "../resource.ts";

interface Operation {
  parameters: object[];
  responses: object;
}

/** Must be called before all other routes: it records the routes that are declared later. */
export function apiDescriptionRoutes(app: FastifyInstance): void {
  const paths: Record<string, Record<string, Operation>> = {};
  onDeclared(app, (url, method) => {
    const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name);
    const path = url.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(names) };
  });
  const info = { title: "Nakadi, embedded", version: "1", description: "See https://nakadi.io/manual.html" };
  resource(app, "/api", {
    GET: async (_request, reply) => sendJson(reply, 200, { openapi: "3.0.3", info, paths }),
  });
}

function operation(names: readonly (string | undefined)[]): Operation {
  return {
    parameters: names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    responses: { default: { description: "As the manual says; a problem object where it is refused" } },
  };
}
