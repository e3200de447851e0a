/** `/event-types/{name}/cursor-distances`, `shifted-cursors`, `cursors-lag` (protocol 5.8). */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { PartitionCursor } from "nakadi-protocol";
import type { Operation } from "../../authorization/authorizer.ts";
import { cursorDistance, cursorLag, shiftedCursor } from "../../positions/cursor-operations.ts";
import type { LogView } from "../../positions/partition-bounds.ts";
import { timelineBounds } from "../../positions/timeline-bounds.ts";
import { asConstraintViolation, ProblemError } from "../../problems.ts";
import { Members } from "../../request-body.ts";
import type { Domain } from "../domain.ts";
import { sendJson } from "../replies.ts";
import { permittedEventType } from "../permitted.ts";
import { requestJson } from "../request-json.ts";
import { resource } from "../resource.ts";

/** Bounds of a shift: whole numbers that are exact in a JavaScript number. */
const SHIFTS = [BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)] as const;

export function cursorOperationRoutes(app: FastifyInstance, domain: Domain): void {
  const { storage } = domain;

  /** The answers to the items of the body's array, in order. */
  function operation<I>(
    path: string,
    operations: Operation[],
    read: (item: Members) => I,
    answer: (view: LogView, item: I) => object,
  ): void {
    resource(app, `/event-types/:name/${path}`, {
      POST: async (request, reply) => {
        const items = readItems(request, read);
        const stored = await permittedEventType(domain, request, ...operations);
        const view = { stored, bounds: await timelineBounds(storage.log, stored) };
        return sendJson(
          reply,
          200,
          items.map((item) => answer(view, item)),
        );
      },
    });
  }

  operation(
    "cursor-distances",
    ["VIEW"],
    (item) => ({ initial: readNested(item, "initial_cursor"), final: readNested(item, "final_cursor") }),
    (view, { initial, final }) => ({
      initial_cursor: initial,
      final_cursor: final,
      distance: cursorDistance(view, initial, final),
    }),
  );
  operation(
    "shifted-cursors",
    ["VIEW", "READ"],
    (item) => ({ cursor: readCursor(item), shift: item.integer("shift", SHIFTS) ?? 0 }),
    (view, { cursor, shift }) => shiftedCursor(view, cursor, shift),
  );
  operation("cursors-lag", ["VIEW", "READ"], readCursor, cursorLag);
}

function readItems<I>(request: FastifyRequest, read: (item: Members) => I): I[] {
  const list = requestJson(request);
  if (!Array.isArray(list)) throw new ProblemError(400, "Cannot read the body: it must be an array of cursors");
  const body = Members.of({ list });
  const items = (body.objects("list") ?? []).map(read);
  asConstraintViolation(() => body.demandValid());
  return items;
}

function readNested(item: Members, name: string): PartitionCursor {
  if ((item.raw(name) ?? null) !== null) return readCursor(item.object(name));
  item.violate(name, "must not be null");
  return { partition: "", offset: "" };
}

function readCursor(item: Members): PartitionCursor {
  return { partition: item.requiredText("partition"), offset: item.requiredText("offset") };
}
