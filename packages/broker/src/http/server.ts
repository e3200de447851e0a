/** The HTTP server: conventions here, one file for each resource under `routes/` (protocol 0). */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { NoSuchLogError } from "nakadi-storage";
import { noSuchEventType } from "../event-types/catalogue.ts";
import { LIMIT_RULES } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { ProblemError } from "../problems.ts";
import { noSuchSubscription } from "../subscriptions/registry.ts";
import { accessReports } from "./access-reports.ts";
import { brokenRequests } from "./broken-requests.ts";
import { compression } from "./compression.ts";
import type { Domain } from "./domain.ts";
import { flowIds, generateFlowId, setFlowId } from "./flow-id.ts";
import { isRefusedPath } from "./path-rules.ts";
import { containerAnswer, type PlainAnswer, unroutedAnswer } from "./plain-answer.ts";
import { problem, problemOf, sendPlain, sendProblem } from "./replies.ts";
import { pathParameter } from "./request-json.ts";
import { allowance } from "./resource.ts";
import { apiDescriptionRoutes } from "./routes/api-description.ts";
import { cursorOperationRoutes } from "./routes/cursor-operations.ts";
import { eventTypeRoutes } from "./routes/event-types.ts";
import { eventRoutes } from "./routes/events.ts";
import { schemaRoutes } from "./routes/schemas.ts";
import { serverStateRoutes } from "./routes/server-state.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { storageRoutes } from "./routes/storages.ts";
import { subscriptionCursorRoutes } from "./routes/subscription-cursors.ts";
import { subscriptionEventRoutes } from "./routes/subscription-events.ts";
import { subscriptionRoutes } from "./routes/subscriptions.ts";
import { timelineRoutes } from "./routes/timelines.ts";
import { uploadTimeouts } from "./upload-timeout.ts";

/** Characters of a name in a path, so that a long unknown name is answered 404 like a short one. */
const MAX_PARAMETER_LENGTH = 16_384;
/** Longer than the pause between two commits of a client that keeps its connection. */
const KEEP_ALIVE_MS = 72_000;
const HEADERS_TIMEOUT_MS = 60_000;
/** An encoded cursor in a query or header, with an event type's name of 255 characters. */
const CURSOR_BYTES = 512;
/** The rest of a head, including a token. */
const OTHER_HEAD_BYTES = 64 * 1024;
/** Bytes of a request's method, path, query and headers: cursors of all partitions of an event type fit. */
const MAX_HEAD_BYTES = LIMIT_RULES.maxPartitions.max * CURSOR_BYTES + OTHER_HEAD_BYTES;
/** Interval of the check for requests that do not end. */
const CHECK_CONNECTIONS_MS = 5_000;

export function buildServer(domain: Domain, logger: Logger): FastifyInstance {
  const { limits, clock } = domain;
  const routerOptions = { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH };
  const app = Fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    // `uploadTimeouts` limits the time without a byte instead of the time of the whole request.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: MAX_HEAD_BYTES,
      connectionsCheckingInterval: Math.min(CHECK_CONNECTIONS_MS, limits.requestTimeoutMs),
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, limits.requestTimeoutMs),
      // Node's own answer has no flow id.
      requireHostHeader: false,
    },
    exposeHeadRoutes: false,
    rewriteUrl: ({ url = "/" }) => withoutOrigin(url),
    // A path that cannot be decoded reaches neither a route nor a hook.
    frameworkErrors: (_error, request, reply) => {
      setFlowId(request, reply);
      sendPlain(reply, containerAnswer(400, "Bad Request", pathOf(request.url), clock.wallMs()));
    },
    clientErrorHandler: (error, socket) => answerBroken(error, socket),
    // No route has a schema. Named compilers keep Fastify from loading its own, which takes longer than the rest of the start.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    return503OnClosing: false,
    routerOptions,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const allowOf = allowance(app, routerOptions);
  const unrouted = (method: string, url: string): PlainAnswer =>
    unroutedAnswer({ method, path: pathOf(url), allow: allowOf({ url }), nowMs: clock.wallMs() });
  const answerBroken = brokenRequests(app.server, (method, target) => unrouted(method, withoutOrigin(target)));
  flowIds(app);
  domain.draining.watch(app);
  accessReports(app, domain.reports, clock);
  uploadTimeouts(app, limits.requestTimeoutMs);
  app.addHook("onRequest", async ({ url, raw, headers }, reply) => {
    const path = pathOf(url);
    if (isRefusedPath(path)) return sendPlain(reply, containerAnswer(400, "Bad Request", path, clock.wallMs()));
    if (headers.host === undefined && raw.httpVersion !== "1.0")
      return sendProblem(reply, problem(400, "No Host header"));
    return undefined;
  });
  compression(app, limits.maxBodyBytes);
  // Not in a handler, because Fastify reads the body of some methods first.
  app.addHook("onRequest", async ({ is404, method, url }, reply) =>
    is404 ? sendPlain(reply, unrouted(method, url)) : undefined,
  );
  app.setErrorHandler((error, request, reply) => {
    if (isTooLarge(error)) drain(request, reply);
    if (error instanceof ProblemError) reply.headers(error.headers);
    const known = problemOf(error) ?? deletedDuringRequest(error, request) ?? clientFault(error);
    if (known) return sendProblem(reply, known);
    const id = generateFlowId();
    logger.error({ error, method: request.method, path: pathOf(request.url), id }, "an internal error happened");
    return sendProblem(reply, problem(500, `An internal error happened. Please report it. (ETI${id})`));
  });
  apiDescriptionRoutes(app);
  serverStateRoutes(app, domain);
  settingsRoutes(app, domain);
  storageRoutes(app, domain);
  eventTypeRoutes(app, domain);
  schemaRoutes(app, domain);
  eventRoutes(app, domain);
  timelineRoutes(app, domain);
  cursorOperationRoutes(app, domain);
  subscriptionRoutes(app, domain);
  subscriptionCursorRoutes(app, domain);
  subscriptionEventRoutes(app, domain);
  return app;
}

function noCompiler(): never {
  throw new Error("No route of the broker has a schema.");
}

/** An event type is deleted before its logs, so a request that found the event type may miss the log. */
function deletedDuringRequest(error: unknown, request: FastifyRequest): ReturnType<typeof problemOf> {
  if (!(error instanceof NoSuchLogError)) return undefined;
  const name = pathParameter(request, "name");
  return problemOf(name === "" ? noSuchSubscription(pathParameter(request, "id")) : noSuchEventType(name));
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "FST_ERR_CTP_BODY_TOO_LARGE";
}

/**
 * Drains the request: a client that is still sending when the connection closes gets a reset instead of the answer.
 * `uploadTimeouts` limits the time.
 */
function drain(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader("connection");
  request.raw.resume();
}

/** The answer to a refusal of Fastify: a body that is too large, an invalid path. */
function clientFault(error: unknown): ReturnType<typeof problem> | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const { statusCode, message } = error;
  return typeof statusCode === "number" && statusCode < 500 ? problem(statusCode, message) : undefined;
}

/** A client behind a proxy may send the absolute form of the target. */
function withoutOrigin(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*(?=\/)/i, "");
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? url;
}
