/** `/subscriptions` (protocol 2.3 to 2.7, 2.10). */
import type { FastifyInstance } from "fastify";
import type { Subscription } from "nakadi-protocol";
import { subscriptionResource } from "../../authorization/authorizer.ts";
import type { Snapshot } from "../../metadata-snapshot.ts";
import { subscriptionStats, subscriptionStatus } from "../../subscriptions/stats.ts";
import { listPage, listQuery } from "../../subscriptions/subscription-list.ts";
import type { Domain } from "../domain.ts";
import { permittedSubscription } from "../permitted.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { queryFlag, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

export function subscriptionRoutes(app: FastifyInstance, domain: Domain): void {
  const { snapshots, subscriptions, eventTypes, storage, settings, access, clock, reports } = domain;
  const { features } = settings;

  /** The statistics in a list: the stream of each partition without the lag; deleted event types are omitted. */
  async function withStatus(items: readonly Subscription[], at: Snapshot): Promise<unknown[]> {
    return Promise.all(
      items.map(async (subscription) => {
        const found = await Promise.all(subscription.event_types.map((name) => eventTypes.find(name, at)));
        const there = found.filter((stored) => stored !== undefined);
        return { ...subscription, status: await subscriptionStatus(storage.coordination, subscription, there) };
      }),
    );
  }

  resource(app, "/subscriptions", {
    GET: async (request, reply) => {
      const at = await snapshots.take();
      const byToken = await features.isEnabled("token_subscriptions_iteration", at);
      const query = listQuery(request.query as Record<string, string | string[] | undefined>, byToken);
      const { items, links } = listPage(await subscriptions.list(), query);
      return sendJson(reply, 200, { items: query.showStatus ? await withStatus(items, at) : items, _links: links });
    },
    POST: async (request, reply) => {
      const { created, subscription } = await subscriptions.createOrFind(requestJson(request), access);
      if (created) reports.subscriptionChanged(undefined, subscription);
      else await access.demand("VIEW", subscriptionResource(subscription));
      const location = `/subscriptions/${subscription.id}`;
      reply.header("Location", location);
      if (created) reply.header("Content-Location", location);
      return sendJson(reply, created ? 201 : 200, subscription);
    },
  });

  resource(app, "/subscriptions/:id", {
    GET: async (request, reply) => sendJson(reply, 200, await permittedSubscription(domain, request, "VIEW")),
    PUT: async (request, reply) => {
      const body = requestJson(request);
      await features.demandWritable();
      const { id } = await permittedSubscription(domain, request, "VIEW", "ADMIN");
      const { before, after } = await subscriptions.update(id, body);
      reports.subscriptionChanged(before, after);
      return sendEmpty(reply, 204);
    },
    DELETE: async (request, reply) => {
      await features.demandWritable();
      const subscription = await permittedSubscription(domain, request, "VIEW", "ADMIN");
      await subscriptions.delete(subscription.id);
      reports.subscriptionChanged(subscription, undefined);
      return sendEmpty(reply, 204);
    },
  });

  resource(app, "/subscriptions/:id/stats", {
    GET: async (request, reply) => {
      const timeLag = queryFlag(request, "show_time_lag");
      const subscription = await permittedSubscription(domain, request, "VIEW");
      const all = await subscriptions.eventTypesOf(subscription);
      const parts = { log: storage.log, coordination: storage.coordination, clock };
      return sendJson(reply, 200, { items: await subscriptionStats(parts, subscription, all, { timeLag }) });
    },
  });
}
