/** `/subscriptions/{id}/cursors`: read, commit, reset (protocol 2.8, 2.9, 3.13). */
import type { FastifyInstance } from "fastify";
import type { Cursor } from "nakadi-protocol";
import { Header } from "nakadi-protocol";
import { ProblemError } from "../../problems.ts";
import { Members } from "../../request-body.ts";
import { commit } from "../../subscriptions/commit.ts";
import { readCursors, resetCursors } from "../../subscriptions/cursors.ts";
import type { Domain } from "../domain.ts";
import { permittedSubscription } from "../permitted.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

const NO_STREAM_ID = "Required request header 'X-Nakadi-StreamId' for method parameter type String is not present";

export function subscriptionCursorRoutes(app: FastifyInstance, domain: Domain): void {
  const { snapshots, subscriptions, eventTypes, settings, access, storage, limits, clock } = domain;
  const { gate } = settings;
  const parts = {
    snapshots,
    subscriptions,
    eventTypes,
    gate,
    access,
    limits,
    clock,
    log: storage.log,
    coordination: storage.coordination,
  };
  resource(app, "/subscriptions/:id/cursors", {
    GET: async (request, reply) => {
      const { id } = await permittedSubscription(domain, request, "VIEW");
      return sendJson(reply, 200, { items: await readCursors(parts, id) });
    },
    POST: async (request, reply) => {
      const streamId = request.headers[Header.streamId];
      if (streamId === undefined) throw new ProblemError(400, NO_STREAM_ID);
      const cursors = cursorItems(requestJson(request), { requireToken: true });
      const result = await commit(parts, pathParameter(request, "id"), String(streamId), cursors);
      return result ? sendJson(reply, 200, result) : sendEmpty(reply, 204);
    },
    PATCH: async (request, reply) => {
      const cursors = cursorItems(requestJson(request), { requireToken: false });
      const { id } = await permittedSubscription(domain, request, "ADMIN");
      await resetCursors(parts, id, cursors);
      return sendEmpty(reply, 204);
    },
  });
}

/**
 * The cursors of a commit or a reset (protocol 2.9, 3.13).
 * @param requireToken commits need a cursor token of any value; resets do not
 * @throws {ProblemError} 400
 * @throws {ValidationError}
 */
function cursorItems(body: unknown, { requireToken }: { requireToken: boolean }): Cursor[] {
  const members = Members.of(body);
  const items = members.objects("items");
  if (items === null) members.violate("items", "must not be null");
  const cursors = (items ?? []).map((item) => ({
    partition: item.requiredText("partition", "cursor partition cannot be empty"),
    offset: item.requiredText("offset", "cursor offset cannot be empty"),
    event_type: item.requiredText("event_type"),
    cursor_token: requireToken ? item.requiredText("cursor_token") : "",
  }));
  members.demandValid();
  return cursors;
}
