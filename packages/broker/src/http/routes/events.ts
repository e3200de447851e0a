/** `/event-types/{name}/events`: publishing and the low-level stream (protocol 4.1, 5.10). */
import type { FastifyInstance } from "fastify";
import { Header } from "nakadi-protocol";
import { publish } from "../../publishing/publish.ts";
import type { Domain } from "../domain.ts";
import { flowIdOf } from "../flow-id.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, requestBytes } from "../request-json.ts";
import { resource } from "../resource.ts";
import { streamSink } from "../response-sink.ts";

const DEPRECATED =
  "299 - nakadi - the Low-level API is deprecated and will be removed from a future release. " +
  "Please consider migrating to the Subscriptions API.";

/** Who publishes where there is no authentication (protocol 0.1). */
const SUBJECT = "unauthenticated";

export function eventRoutes(app: FastifyInstance, domain: Domain): void {
  const { storage, eventTypes, writers, limits, clock, random, eventTypeStreams, stopping } = domain;
  const parts = { log: storage.log, eventTypes, writers, limits, clock, random };
  resource(app, "/event-types/:name/events", {
    GET: async (request, reply) => {
      const cursors = request.headers[Header.cursors];
      const stream = await eventTypeStreams.open(
        pathParameter(request, "name"),
        request.query,
        Array.isArray(cursors) ? cursors.join(",") : cursors,
      );
      stream.start(streamSink(reply, { Warning: DEPRECATED }));
      return reply;
    },
    POST: async (request, reply) => {
      const context = { flowId: flowIdOf(reply), subject: SUBJECT };
      const name = pathParameter(request, "name");
      const outcome = await publish(parts, name, requestBytes(request.body), context, stopping);
      return outcome.status === 200 ? sendEmpty(reply, 200) : sendJson(reply, outcome.status, outcome.items);
    },
  });
}
