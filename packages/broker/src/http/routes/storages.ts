/** `/storages` (protocol 6.5). */
import type { FastifyInstance } from "fastify";
import type { Domain } from "../domain.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

const ADMINS_ONLY = "Admin privileges required to perform this operation";

export function storageRoutes(app: FastifyInstance, { settings, access, eventTypes, reports }: Domain): void {
  const { storages, features } = settings;

  async function demandChangeable(): Promise<void> {
    await access.demandAdmin(ADMINS_ONLY);
    await features.demandWritable();
  }

  resource(app, "/storages", {
    GET: async (_request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      return sendJson(reply, 200, await storages.list());
    },
    POST: async (request, reply) => {
      const body = requestJson(request);
      await demandChangeable();
      const created = await storages.create(body);
      reports.changed({ resource: "storage", id: created.id, after: created });
      return sendEmpty(reply, 201);
    },
  });
  resource(app, "/storages/:id", {
    GET: async (request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      return sendJson(reply, 200, await storages.get(pathParameter(request, "id")));
    },
    DELETE: async (request, reply) => {
      await demandChangeable();
      const removed = await storages.remove(pathParameter(request, "id"), (id) => eventTypes.usesStorage(id));
      reports.changed({ resource: "storage", id: removed.id, before: removed });
      return sendEmpty(reply, 204);
    },
  });
  resource(app, "/storages/default/:id", {
    PUT: async (request, reply) => {
      await demandChangeable();
      const before = await storages.get(pathParameter(request, "id"));
      const after = await storages.makeDefault(before.id);
      reports.changed({ resource: "storage", id: after.id, before, after });
      return sendJson(reply, 200, after);
    },
  });
}
