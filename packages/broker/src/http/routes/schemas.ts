/** `/event-types/{name}/schemas`: versions of a schema: list, get, add, check compatibility (protocol 5.5, 5.6). */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { readSchema } from "../../event-types/event-type-request.ts";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { asConstraintViolation, ProblemError } from "../../problems.ts";
import { INT32, Members } from "../../request-body.ts";
import type { Domain } from "../domain.ts";
import { permittedEventType } from "../permitted.ts";
import { sendEmpty, sendJson } from "../replies.ts";
import { pathParameter, queryFlag, queryParameters, requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1_000;

export function schemaRoutes(app: FastifyInstance, domain: Domain): void {
  const { eventTypes, eventTypeChanges, access, limits, reports } = domain;
  const { schemas } = eventTypes;

  const visible = (request: FastifyRequest): Promise<StoredEventType> => permittedEventType(domain, request, "VIEW");

  resource(app, "/event-types/:name/schemas", {
    GET: async (request, reply) => {
      const query = pageQuery(request);
      const stored = await visible(request);
      const { items, hasMore } = await schemas.page(stored, query);
      const links = items.length > 0 ? pageLinks(stored.eventType.name, query, hasMore) : {};
      return sendJson(reply, 200, { items, _links: links });
    },
    POST: async (request, reply) => {
      const onlyFetch = queryFlag(request, "fetch");
      const members = Members.of(requestJson(request));
      const schema = readSchema(members);
      asConstraintViolation(() => members.demandValid());
      if (onlyFetch)
        return sendJson(reply, 200, await schemas.equalTo(await visible(request), schema, limits.maxEventDepth));
      const change = await eventTypeChanges.changeSchema(pathParameter(request, "name"), schema, access);
      if (change) reports.eventTypeChanged(change.before, change.after);
      return sendEmpty(reply, 200);
    },
  });

  resource(app, "/event-types/:name/schemas/:version", {
    GET: async (request, reply) =>
      sendJson(reply, 200, await schemas.version(await visible(request), pathParameter(request, "version"))),
  });

  resource(app, "/event-types/:name/schemas/:version/compatibility-check", {
    POST: async (request, reply) => {
      const members = Members.of(requestJson(request));
      const text = members.requiredText("schema");
      asConstraintViolation(() => members.demandValid());
      const stored = await visible(request);
      const { version, error } = await eventTypeChanges.incompatibility(
        stored,
        pathParameter(request, "version"),
        text,
      );
      return sendJson(reply, 200, {
        compatible: error === undefined,
        compatibility_mode: stored.eventType.compatibility_mode,
        ...(error !== undefined && { error }),
        validated_against_version: version,
      });
    },
  });
}

interface Link {
  href: string;
}

interface Page {
  limit: number;
  offset: number;
}

function pageQuery(request: FastifyRequest): Page {
  const members = Members.of(queryParameters(request));
  const limit = members.integer("limit", INT32) ?? DEFAULT_LIMIT;
  const offset = members.integer("offset", INT32) ?? 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new ProblemError(400, `'limit' parameter sholud have value between 1 and ${MAX_LIMIT}`);
  }
  if (offset < 0) throw new ProblemError(400, "'offset' parameter can't be lower than 0");
  return { limit, offset };
}

function pageLinks(name: string, { limit, offset }: Page, hasMore: boolean): { prev?: Link; next?: Link } {
  const link = (to: number): Link => ({ href: `/event-types/${name}/schemas?offset=${to}&limit=${limit}` });
  return {
    ...(offset > 0 && { prev: link(Math.max(0, offset - limit)) }),
    ...(hasMore && { next: link(offset + limit) }),
  };
}
