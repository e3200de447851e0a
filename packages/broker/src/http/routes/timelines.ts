/** `/event-types/{name}/timelines` and `/event-types/{name}/partition-count`: operations on logs (protocol 5.7.3, 6.6). */
import type { FastifyInstance } from "fastify";
import { listTimelines } from "../../timelines/timeline-list.ts";
import { switchTimeline } from "../../timelines/timeline-switch.ts";
import { INT32, Members } from "../../request-body.ts";
import { repartition } from "../../subscriptions/repartition.ts";
import type { Domain } from "../domain.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

const ADMINS_ONLY = "Admin privileges required to perform this operation";

export function timelineRoutes(app: FastifyInstance, domain: Domain): void {
  const { storage, settings, access, eventTypes, subscriptions, writers, closings, membership, limits, clock, uuid } =
    domain;
  const { snapshots, reports } = domain;
  const parts = {
    log: storage.log,
    metadata: storage.metadata,
    snapshots,
    closings,
    membership,
    coordination: storage.coordination,
    eventTypes,
    subscriptions,
    writers,
    limits,
    clock,
    uuid,
  };

  resource(app, "/event-types/:name/timelines", {
    GET: async (request, reply) =>
      sendJson(reply, 200, listTimelines(await eventTypes.get(pathParameter(request, "name")))),
    POST: async (request, reply) => {
      const name = pathParameter(request, "name");
      await eventTypes.get(name);
      await access.demandAdmin(ADMINS_ONLY);
      await settings.features.demandWritable();
      const storageId = await settings.storages.demandKnown(Members.of(requestJson(request)).text("storage_id"));
      const created = listTimelines(await switchTimeline(parts, name, storageId)).at(-1);
      if (created) reports.changed({ resource: "timeline", id: created.id, after: created });
      return sendEmpty(reply, 201);
    },
  });

  resource(app, "/event-types/:name/partition-count", {
    PUT: async (request, reply) => {
      const count = partitionCount(requestJson(request));
      await access.demandAdmin(ADMINS_ONLY);
      const change = await repartition(parts, pathParameter(request, "name"), count);
      if (change) reports.eventTypeChanged(change.before, change.after);
      return sendEmpty(reply, 204);
    },
  });
}

/** @throws {ProblemError} 400 @throws {ValidationError} */
function partitionCount(body: unknown): number {
  const members = Members.of(body);
  const count = members.integer("partition_count", INT32);
  if (count === undefined) members.violate("partition_count", "must not be null");
  members.demandValid();
  return count ?? 0;
}
