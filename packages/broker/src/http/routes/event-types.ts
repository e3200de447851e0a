/** `/event-types` and their partitions (protocol 5.2, 5.7). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { parseOffset } from "nakadi-protocol";
import type { Subscription } from "nakadi-protocol";
import { eventTypeResource } from "../../authorization/authorizer.ts";
import type { Operation } from "../../authorization/authorizer.ts";
import type { CompleteEventType, StoredEventType } from "../../event-types/stored-event-type.ts";
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

export function eventTypeRoutes(app: FastifyInstance, domain: Domain): void {
  const { eventTypes, eventTypeChanges, settings, storage, access } = domain;

  /** The event type of the path, for those who may do `operation` with it. */
  async function permitted(request: FastifyRequest, ...operations: Operation[]): Promise<StoredEventType> {
    const stored = await eventTypes.get(pathParameter(request, "name"));
    for (const operation of operations) await access.demand(operation, eventTypeResource(stored.eventType));
    return stored;
  }

  async function sendChanged(reply: FastifyReply, status: number, eventType: CompleteEventType): Promise<FastifyReply> {
    reply.header("Warning", warningFor(eventType));
    const shown = await settings.features.isEnabled("return_body_on_create_update_event_type");
    return shown ? sendJson(reply, status, eventType) : sendEmpty(reply, status);
  }

  resource(app, "/event-types", {
    GET: async (request, reply) => sendJson(reply, 200, await eventTypes.list(filters(request))),
    POST: async (request, reply) => {
      const { eventType } = await eventTypes.create(requestJson(request));
      return sendChanged(reply, 201, eventType);
    },
  });

  resource(app, "/event-types/:name", {
    GET: async (request, reply) => sendJson(reply, 200, (await permitted(request, "VIEW")).eventType),
    PUT: async (request, reply) => {
      const changed = await eventTypeChanges.update(pathParameter(request, "name"), requestJson(request), access);
      return sendChanged(reply, 200, changed);
    },
    DELETE: async (request, reply) => {
      const name = pathParameter(request, "name");
      await eventTypes.delete(name, () => clearSubscriptions(domain, name), access);
      return sendEmpty(reply, 200);
    },
  });

  resource(app, "/event-types/:name/partitions", {
    GET: async (request, reply) => {
      const stored = await permitted(request, "VIEW");
      const all = await timelineBounds(storage.log, stored);
      const partitions = Array.from({ length: stored.partitions }, (_, partition) => describePartition(all, partition));
      return sendJson(reply, 200, partitions);
    },
  });

  resource(app, "/event-types/:name/partitions/:partition", {
    GET: async (request, reply) => {
      const stored = await permitted(request, "VIEW", "READ");
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

/**
 * Makes sure that no subscription stands in the way of deleting the event type.
 * @returns whether any still does
 */
async function clearSubscriptions({ subscriptions, settings }: Domain, eventType: string): Promise<boolean> {
  const readers = await subscriptions.of(eventType);
  if (readers.length === 0) return false;
  const all = await settings.features.isEnabled("delete_event_type_with_subscriptions");
  if (!all && !readers.every(isDeletable)) return true;
  for (const { id } of readers) await subscriptions.delete(id);
  return false;
}

/** Such a subscription goes with its event type (protocol 5.2.5). */
function isDeletable({ owning_application, consumer_group }: Subscription): boolean {
  return owning_application === "nakadi_archiver" && consumer_group === "nakadi_to_s3";
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
