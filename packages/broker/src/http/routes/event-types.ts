/** `/event-types` and their partitions (protocol 5.2, 5.7). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { parseOffset } from "nakadi-protocol";
import type { PartitionCursor, Subscription } from "nakadi-protocol";
import type { CompleteEventType, StoredEventType } from "../../event-types/stored-event-type.ts";
import { DEAD_LETTER_REDRIVE } from "../../event-types/system-event-types.ts";
import { Axis } from "../../positions/axis.ts";
import { cursorPosition, partitionNumber } from "../../positions/cursor-position.ts";
import { describePartition, newest } from "../../positions/partition-bounds.ts";
import type { TimelineBounds } from "../../positions/partition-bounds.ts";
import { timelineBounds } from "../../positions/timeline-bounds.ts";
import { isNotFound, ProblemError } from "../../problems.ts";
import { Members } from "../../request-body.ts";
import { isRedriven } from "../../dead-letters/dead-letter-redrive.ts";
import { asProblem } from "../../subscriptions/initial-cursors.ts";
import type { Domain } from "../domain.ts";
import { permittedEventType } from "../permitted.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, queryParameters, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

export function eventTypeRoutes(app: FastifyInstance, domain: Domain): void {
  const { eventTypes, eventTypeChanges, settings, storage, access, reports } = domain;

  async function sendChanged(reply: FastifyReply, status: number, eventType: CompleteEventType): Promise<FastifyReply> {
    reply.header("Warning", warningFor(eventType));
    const shown = await settings.features.isEnabled("return_body_on_create_update_event_type");
    return shown ? sendJson(reply, status, eventType) : sendEmpty(reply, status);
  }

  resource(app, "/event-types", {
    GET: async (request, reply) => sendJson(reply, 200, await eventTypes.list(filters(request))),
    POST: async (request, reply) => {
      const { eventType } = await eventTypes.create(requestJson(request));
      reports.eventTypeChanged(undefined, eventType);
      return sendChanged(reply, 201, eventType);
    },
  });

  resource(app, "/event-types/:name", {
    GET: async (request, reply) => sendJson(reply, 200, (await permittedEventType(domain, request, "VIEW")).eventType),
    PUT: async (request, reply) => {
      const name = pathParameter(request, "name");
      const { before, after } = await eventTypeChanges.update(name, requestJson(request), access);
      reports.eventTypeChanged(before, after);
      return sendChanged(reply, 200, after);
    },
    DELETE: async (request, reply) => {
      const name = pathParameter(request, "name");
      reports.eventTypeChanged(
        await eventTypes.delete(name, () => clearSubscriptions(domain, name), access),
        undefined,
      );
      return sendEmpty(reply, 200);
    },
  });

  resource(app, "/event-types/:name/partitions", {
    GET: async (request, reply) => {
      const stored = await permittedEventType(domain, request, "VIEW");
      const all = await timelineBounds(storage.log, stored);
      const cursors = consumedCursors(request, stored.partitions);
      const others = [...Array(stored.partitions).keys()].filter((partition) => !cursors.has(partition));
      const consumed = [...cursors].map(([partition, cursor]) => ({
        ...describePartition(all, partition),
        unconsumed_events: unconsumedEvents(stored, all, cursor),
      }));
      return sendJson(reply, 200, [...others.map((partition) => describePartition(all, partition)), ...consumed]);
    },
  });

  resource(app, "/event-types/:name/partitions/:partition", {
    GET: async (request, reply) => {
      const stored = await permittedEventType(domain, request, "VIEW", "READ");
      const name = pathParameter(request, "partition");
      const partition = partitionNumber(name, stored.partitions);
      const { consumed_offset: consumed } = queryParameters(request);
      if (partition === undefined) {
        if (consumed === undefined) throw new ProblemError(404, "partition not found");
        const begin = parseOffset(consumed).kind === "begin";
        throw new ProblemError(422, begin ? "non existing partition null" : "invalid consumed_offset or partition");
      }
      const all = await timelineBounds(storage.log, stored);
      const described = describePartition(all, partition);
      if (consumed === undefined) return sendJson(reply, 200, described);
      const unconsumed_events = unconsumedEvents(stored, all, { partition: name, offset: consumed });
      return sendJson(reply, 200, { ...described, unconsumed_events });
    },
  });
}

/** Events after the cursor. @throws {ProblemError} 422 */
function unconsumedEvents(stored: StoredEventType, all: readonly TimelineBounds[], cursor: PartitionCursor): number {
  const partition = Number(cursor.partition);
  const axis = new Axis(stored.timelines, partition);
  const position = asProblem(() => cursorPosition(stored, all, cursor));
  return (axis.ordinalOf(newest(all, partition)) ?? -1) - (axis.ordinalOf(position) ?? -1);
}

/**
 * The cursors of the query, by partition.
 * @throws {ProblemError} 422
 */
function consumedCursors(request: FastifyRequest, partitions: number): Map<number, PartitionCursor> {
  const { cursors: text } = queryParameters(request);
  if (text === undefined) return new Map();
  const cursors = readCursors(text);
  const named = cursors.map((cursor) => {
    if (cursor.partition === null) throw new ProblemError(422, "partition must not be null");
    if (cursor.offset === null) throw new ProblemError(422, "offset must not be null");
    const partition = partitionNumber(cursor.partition, partitions);
    if (partition === undefined) throw new ProblemError(422, "invalid consumed_offset or partition");
    return [partition, { partition: cursor.partition, offset: cursor.offset }] as const;
  });
  const byPartition = new Map(named);
  if (byPartition.size < named.length) throw new ProblemError(422, "duplicate partition ids provided in cursors");
  return byPartition;
}

/** @throws {ProblemError} 400 for null, 422 for any other value than an array of cursors */
function readCursors(text: string): { partition: string | null; offset: string | null }[] {
  const malformed = new ProblemError(422, "malformed cursors");
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw malformed;
  }
  if (list === null) throw new ProblemError(400, "Cannot read cursors: it must be an array");
  try {
    return (Members.of({ list }).objects("list") ?? []).map((one) => ({
      partition: one.text("partition"),
      offset: one.text("offset"),
    }));
  } catch {
    throw malformed;
  }
}

/**
 * Deletes the subscriptions that may be deleted with the event type.
 * @returns whether a subscription still needs the event type
 */
async function clearSubscriptions(domain: Domain, eventType: string): Promise<boolean> {
  const { subscriptions, settings, storage, deletableSubscription: deletable, reports } = domain;
  if (eventType === DEAD_LETTER_REDRIVE && (await isRedriven(subscriptions, storage.coordination))) return true;
  const readers = await subscriptions.of(eventType);
  if (readers.length === 0) return false;
  const all = await settings.features.isEnabled("delete_event_type_with_subscriptions");
  const mayGo = ({ owning_application, consumer_group }: Subscription): boolean =>
    owning_application === deletable.owningApplication && consumer_group === deletable.consumerGroup;
  if (!all && !readers.every(mayGo)) return true;
  for (const reader of readers) {
    await subscriptions.delete(reader.id).then(() => reports.subscriptionChanged(reader, undefined), unlessGone);
  }
  return false;
}

/** A 404 counts as success: another request deleted the same subscription first. */
function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

function warningFor({ cleanup_policy }: CompleteEventType): string {
  return `299 nakadi "Data access warning${cleanup_policy === "compact" ? ". Compaction warning" : ""}"`;
}

function filters(request: FastifyRequest): { owningApplication?: string; writer?: string } {
  const { owning_application: owner, writer } = queryParameters(request);
  return {
    ...(owner === undefined ? {} : { owningApplication: owner }),
    ...(writer === undefined ? {} : { writer }),
  };
}
