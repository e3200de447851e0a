/** `/settings`: blacklist, feature toggles, administrators (protocol 6.2 to 6.4). */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { asConstraintViolation } from "../../problems.ts";
import { readFeatureToggle } from "../../settings/features.ts";
import type { Domain } from "../domain.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

const ADMINS_ONLY = "Admin privileges are required to perform this operation";

export function settingsRoutes(app: FastifyInstance, { settings, access, reports }: Domain): void {
  const { blacklist, features, administrators } = settings;

  resource(app, "/settings/blacklist", {
    GET: async (_request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      return sendJson(reply, 200, await blacklist.content());
    },
  });
  resource(app, "/settings/blacklist/:type/:name", {
    PUT: async (request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      const entry = entryOf(request);
      const added = await blacklist.add(entry.type, entry.name);
      if (added) reports.changed({ resource: "blacklist_entry", id: entryId(entry), after: shownEntry(entry) });
      return sendEmpty(reply, 204);
    },
    DELETE: async (request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      const entry = entryOf(request);
      const removed = await blacklist.remove(entry.type, entry.name);
      if (removed) reports.changed({ resource: "blacklist_entry", id: entryId(entry), before: shownEntry(entry) });
      return sendEmpty(reply, 204);
    },
  });

  resource(app, "/settings/features", {
    GET: async (_request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      return sendJson(reply, 200, { items: await features.list() });
    },
    POST: async (request, reply) => {
      const toggle = asConstraintViolation(() => readFeatureToggle(requestJson(request)));
      await access.demandAdmin(ADMINS_ONLY);
      const before = { ...toggle, enabled: await features.isEnabled(toggle.feature) };
      await features.set(toggle);
      reports.changed({ resource: "feature", id: toggle.feature, before, after: toggle });
      return sendEmpty(reply, 204);
    },
  });

  resource(app, "/settings/admins", {
    GET: async (_request, reply) => {
      await access.demandAdmin(ADMINS_ONLY);
      return sendJson(reply, 200, await administrators.lists());
    },
    POST: async (request, reply) => {
      const body = requestJson(request);
      await access.demandAdmin(ADMINS_ONLY);
      await features.demandWritable();
      const before = await administrators.lists();
      await administrators.replace(body);
      reports.changed({ resource: "admins", id: "default", before, after: await administrators.lists() });
      return sendEmpty(reply, 200);
    },
  });
}

function entryId({ type, name }: { type: string; name: string }): string {
  return `${type}:${name}`;
}

function shownEntry(entry: { type: string; name: string }): object {
  return { type: entry.type.toLowerCase(), name: entry.name, id: entryId(entry) };
}

function entryOf(request: FastifyRequest): { type: string; name: string } {
  return { type: pathParameter(request, "type"), name: pathParameter(request, "name") };
}
