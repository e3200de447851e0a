/** `/subscriptions/{id}/events`: the stream (protocol 3.1). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { subscriptionStreamRequest } from "../../streaming/stream-parameters.ts";
import type { Domain } from "../domain.ts";
import { pathParameter, queryParameters, requestJson } from "../request-json.ts";
import { streamResource } from "../resource.ts";
import { streamSink } from "../response-sink.ts";

export function subscriptionEventRoutes(app: FastifyInstance, { streams, limits, random }: Domain): void {
  async function open(request: FastifyRequest, reply: FastifyReply, values: unknown): Promise<FastifyReply> {
    const parameters = subscriptionStreamRequest(values, limits, random);
    const stream = await streams.open(pathParameter(request, "id"), parameters);
    stream.start(streamSink(reply, { "X-Nakadi-StreamId": stream.id }, limits.requestTimeoutMs));
    return reply;
  }
  streamResource(app, "/subscriptions/:id/events", {
    GET: async (request, reply) => open(request, reply, withoutPartitions(queryParameters(request))),
    POST: async (request, reply) => open(request, reply, requestJson(request)),
  });
}

/** Only the POST form can ask for partitions. */
function withoutPartitions({ partitions: _ignored, ...rest }: Readonly<Record<string, unknown>>): unknown {
  return rest;
}
