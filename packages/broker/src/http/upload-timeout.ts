/**
 * Ends requests whose body stalls; an upload may take any time while bytes arrive. The body of a request that is answered
 * early is drained for a limited time, so that the answer reaches a client that first sends everything.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { problem, sendProblem } from "./replies.ts";

/** Checks of the limit while it runs. */
const CHECKS = 4;

/** @param idleMs the longest time without a byte, and for which a body is drained after its answer */
export function uploadTimeouts(app: FastifyInstance, idleMs: number): void {
  app.addHook("onRequest", async (request, reply) => {
    if (hasBody(request)) watch(request, reply, idleMs);
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function watch({ raw }: FastifyRequest, reply: FastifyReply, idleMs: number): void {
  const { socket } = raw;
  let seen = socket.bytesRead;
  let idle = 0;
  let answered = 0;
  const timer = setInterval(() => {
    if (raw.complete || socket.destroyed) clearInterval(timer);
    else if (reply.raw.writableFinished) {
      if (++answered >= CHECKS) socket.destroy();
    } else if (socket.bytesRead > seen) {
      seen = socket.bytesRead;
      idle = 0;
    } else if (++idle >= CHECKS && !reply.raw.headersSent) {
      const detail = `Nothing of the request's body came for ${idleMs} ms (limit requestTimeoutMs).`;
      sendProblem(reply.header("connection", "close"), problem(408, detail));
    }
  }, idleMs / CHECKS);
  timer.unref();
  raw.once("close", () => clearInterval(timer));
}
