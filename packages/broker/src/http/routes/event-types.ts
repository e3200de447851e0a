/** `/event-types` and their partitions (protocol 5.2, 5.7). */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseOffset } from "nakadi-protocol";
import type { CompleteEventType } from "../../event-types/stored-event-type.ts";
import { Axis } from "../../log/axis.ts";
import { cursorPosition, partitionNumber } from "../../log/cursor-position.ts";
import { describePartition, newest } from "../../log/partition-bounds.ts";
import { timelineBounds } from "../../log/timeline-bounds.ts";
import { ProblemError } from "../../problems.ts";
import { asProblem } from "../../subscriptions/initial-cursors.ts";
import type { Domain } from "../domain.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

export function eventTypeRoutes(app: FastifyInstance, { eventTypes, subscriptions, storage }: Domain): void {
  resource(app, "/event-types", {
    GET: async (request, reply) => sendJson(reply, 200, await eventTypes.list(filters(request))),
    POST: async (request, reply) => {
      const { eventType } = await eventTypes.create(requestJson(request));
      return sendEmpty(reply.header("Warning", warningFor(eventType)), 201);
    },
  });

  resource(app, "/event-types/:name", {
    GET: async (request, reply) =>
      sendJson(reply, 200, (await eventTypes.get(pathParameter(request, "name"))).eventType),
    DELETE: async (request, reply) => {
      const name = pathParameter(request, "name");
      await eventTypes.delete(name, () => subscriptions.anyOf(name));
      return sendEmpty(reply, 200);
    },
  });

  resource(app, "/event-types/:name/partitions", {
    GET: async (request, reply) => {
      const stored = await eventTypes.get(pathParameter(request, "name"));
      const all = await timelineBounds(storage.log, stored);
      const partitions = Array.from({ length: stored.partitions }, (_, partition) => describePartition(all, partition));
      return sendJson(reply, 200, partitions);
    },
  });

  resource(app, "/event-types/:name/partitions/:partition", {
    GET: async (request, reply) => {
      const stored = await eventTypes.get(pathParameter(request, "name"));
      const name = pathParameter(request, "partition");
      const partition = partitionNumber(name, stored.partitions);
      const { consumed_offset: consumed } = request.query as { consumed_offset?: string };
      if (partition === undefined) {
        if (consumed === undefined) throw new ProblemError(404, "partition not found");
        const begin = parseOffset(consumed).kind === "begin";
        throw new ProblemError(422, begin ? "non existing partition null" : "invalid consumed_offset or partition");
      }
      const all = await timelineBounds(storage.log, stored);
      const described = describePartition(all, partition);
      if (consumed === undefined) return sendJson(reply, 200, described);
      const axis = new Axis(stored.timelines, partition);
      const position = asProblem(() => cursorPosition(stored, all, { partition: name, offset: consumed }));
      const unconsumed_events = (axis.ordinalOf(newest(all, partition)) ?? -1) - (axis.ordinalOf(position) ?? -1);
      return sendJson(reply, 200, { ...described, unconsumed_events });
    },
  });
}

function warningFor({ cleanup_policy }: CompleteEventType): string {
  return `299 nakadi "Data access warning${cleanup_policy === "compact" ? ". Compaction warning" : ""}"`;
}

function filters({ query }: FastifyRequest): { owningApplication?: string; writer?: string } {
  const { owning_application: owner, writer } = query as { owning_application?: string; writer?: string };
  return {
    ...(owner === undefined ? {} : { owningApplication: owner }),
    ...(writer === undefined ? {} : { writer }),
  };
}
