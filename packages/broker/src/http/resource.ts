/** A path with its methods; every other method is answered 405 (protocol 0.5). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Router from "find-my-way";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

type Handlers = Partial<Record<Method, Handler>>;

/**
 * A GET implies a HEAD, which `Allow` does not name: the real server's framework adds it.
 * @param handlers in the order in which `Allow` names them
 */
export function resource(app: FastifyInstance, url: string, handlers: Handlers): void {
  route(app, url, handlers, true);
}

/** A resource whose GET opens a stream, which a HEAD could not end. */
export function streamResource(app: FastifyInstance, url: string, handlers: Handlers): void {
  route(app, url, handlers, false);
}

function route(app: FastifyInstance, url: string, handlers: Handlers, exposeHeadRoute: boolean): void {
  for (const [method, handler] of Object.entries(handlers)) {
    app.route({ method, url, handler, exposeHeadRoute: exposeHeadRoute && method === "GET" });
  }
}

/** Calls back for each method of each path that is declared later. */
export function onDeclared(app: FastifyInstance, declared: (url: string, method: string) => void): void {
  app.addHook("onRoute", ({ url, method }) => {
    if (method !== "HEAD") declared(url, String(method));
  });
}

/**
 * The value of `Allow` for a path that lacks the requested method. Its router is built for the first such request: routes for
 * all methods that paths lack would take longer than the rest of the start.
 * @param options the options of the server's router
 */
export function allowance(app: FastifyInstance, options: Router.Config<Router.HTTPVersion.V1>): AllowOf {
  const methods = new Map<string, string[]>();
  onDeclared(app, (url, method) => void methods.set(url, [...(methods.get(url) ?? []), method]));
  let router: Router.Instance<Router.HTTPVersion.V1> | undefined;
  return ({ url }) => {
    router ??= routerTo(methods, options);
    return router.find("GET", url)?.store as string | undefined;
  };
}

type AllowOf = (request: Pick<FastifyRequest, "url">) => string | undefined;

function routerTo(
  methods: ReadonlyMap<string, readonly string[]>,
  options: Router.Config<Router.HTTPVersion.V1>,
): Router.Instance<Router.HTTPVersion.V1> {
  const router = Router(options);
  for (const [url, allowed] of methods) router.on("GET", url, () => undefined, allowed.join(","));
  return router;
}
