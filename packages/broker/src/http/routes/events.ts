/** `/event-types/{name}/events` and `deleted-events`: publishing and the low-level stream (protocol 4, 5.10). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Header, MediaType } from "nakadi-protocol";
import { eventTypeResource } from "../../authorization/authorizer.ts";
import { ProblemError } from "../../problems.ts";
import type { PublishOutcome } from "../../publishing/append.ts";
import { consumerTag } from "../../publishing/consumer-tag.ts";
import { deleteEvents } from "../../publishing/delete-events.ts";
import { publish } from "../../publishing/publish.ts";
import type { Domain } from "../domain.ts";
import { unknownCharset } from "../charset.ts";
import { flowIdOf } from "../flow-id.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { headerText, pathParameter, queryParameters, requestBytes } from "../request-json.ts";
import { resource, streamResource } from "../resource.ts";
import { streamSink } from "../response-sink.ts";

const DEPRECATED =
  "299 - nakadi - the Low-level API is deprecated and will be removed from a future release. " +
  "Please consider migrating to the Subscriptions API.";

export function eventRoutes(app: FastifyInstance, domain: Domain): void {
  const { storage, access, settings, eventTypes, writers, limits, clock, random, eventTypeStreams, stopping, reports } =
    domain;
  const { blacklist, features } = settings;
  const parts = { log: storage.log, blacklist, features, eventTypes, writers, limits, clock, random };
  async function reported(
    request: FastifyRequest,
    store: (name: string, body: Uint8Array) => Promise<PublishOutcome>,
  ): Promise<PublishOutcome> {
    const [name, body, startedMs] = [pathParameter(request, "name"), eventBytes(request), clock.monotonicMs()];
    const outcome = await store(name, body);
    if (outcome.status !== 200) return outcome;
    const spentMs = Math.round(clock.monotonicMs() - startedMs);
    reports.indicate("nakadi.batch.published", () => ({
      event_type: name,
      token_realm: "",
      number_of_events: outcome.events,
      ms_spent: spentMs,
      batch_size: body.length,
    }));
    return outcome;
  }

  streamResource(app, "/event-types/:name/events", {
    GET: async (request, reply) => {
      const name = pathParameter(request, "name");
      const stored = await eventTypes.find(name);
      if (stored) await access.demand("READ", eventTypeResource(stored.eventType));
      const stream = await eventTypeStreams.open(name, queryParameters(request), headerText(request, Header.cursors));
      stream.start(streamSink(reply, { Warning: DEPRECATED }, limits.requestTimeoutMs));
      return reply;
    },
    POST: async (request, reply) => {
      const tag = consumerTag(headerText(request, Header.consumerTag));
      const context = { flowId: flowIdOf(reply), access, consumerTag: tag };
      const store = (name: string, body: Uint8Array): Promise<PublishOutcome> =>
        publish(parts, name, body, context, stopping);
      return sendOutcome(reply, await reported(request, store));
    },
  });

  resource(app, "/event-types/:name/deleted-events", {
    POST: async (request, reply) => {
      const store = (name: string, body: Uint8Array): Promise<PublishOutcome> =>
        deleteEvents(parts, name, body, { access }, stopping);
      return sendOutcome(reply, await reported(request, store));
    },
  });
}

/**
 * Any content type counts as JSON, except Avro, which is refused, and a form, whose body the real server's container consumes.
 * @throws {ProblemError} 400, 415
 */
function eventBytes({ headers, body }: FastifyRequest): Uint8Array {
  const type = headers[Header.contentType]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === MediaType.avro) throw new ProblemError(415, `Content type '${MediaType.avro}' not supported`);
  const charset = unknownCharset(headers[Header.contentType]);
  if (charset !== undefined) throw new ProblemError(415, `Invalid mime type: unsupported charset '${charset}'`);
  return requestBytes(type === "application/x-www-form-urlencoded" ? undefined : body);
}

function sendOutcome(reply: FastifyReply, outcome: PublishOutcome): FastifyReply {
  return outcome.status === 200 ? sendEmpty(reply, 200) : sendJson(reply, outcome.status, outcome.items);
}
