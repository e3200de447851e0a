/** `/subscriptions` (protocol 2.3 to 2.7, 2.10). */
import type { FastifyInstance } from "fastify";
import { subscriptionStats } from "../../subscriptions/stats.ts";
import type { Domain } from "../domain.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, queryFlag, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

export function subscriptionRoutes(app: FastifyInstance, { subscriptions, storage, clock }: Domain): void {
  resource(app, "/subscriptions", {
    POST: async (request, reply) => {
      const { created, subscription } = await subscriptions.createOrFind(requestJson(request));
      const location = `/subscriptions/${subscription.id}`;
      reply.header("Location", location);
      if (created) reply.header("Content-Location", location);
      return sendJson(reply, created ? 201 : 200, subscription);
    },
  });

  resource(app, "/subscriptions/:id", {
    GET: async (request, reply) => sendJson(reply, 200, await subscriptions.get(pathParameter(request, "id"))),
    DELETE: async (request, reply) => {
      await subscriptions.delete(pathParameter(request, "id"));
      return sendEmpty(reply, 204);
    },
  });

  resource(app, "/subscriptions/:id/stats", {
    GET: async (request, reply) => {
      const timeLag = queryFlag(request, "show_time_lag");
      const subscription = await subscriptions.get(pathParameter(request, "id"));
      const eventTypes = await subscriptions.eventTypesOf(subscription);
      const parts = { log: storage.log, coordination: storage.coordination, clock };
      return sendJson(reply, 200, { items: await subscriptionStats(parts, subscription, eventTypes, { timeLag }) });
    },
  });
}
