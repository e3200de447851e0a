/**
 * Ends requests whose body stands still: an upload may take as long as it likes while its bytes come. What is answered
 * before it has come in full is read for a while, so that the answer gets to a client that first sends everything.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { problem, sendProblem } from "./replies.ts";

/** How often the time limit is looked at while it runs. */
const CHECKS = 4;

/** @param idleMs how long no byte may come, and how long a body is read whose answer is sent */
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
