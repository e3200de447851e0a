/** Answers to the byte: no charset, compact JSON, really empty bodies (protocol 0.3 to 0.5). */
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import { MediaType, type Problem } from "nakadi-protocol";
import { ProblemError, ValidationError } from "../problems.ts";

/** A buffer, because Fastify adds a charset to texts. */
export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).header("content-type", MediaType.json).send(Buffer.from(JSON.stringify(body)));
}

export function sendEmpty(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send();
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .header("content-type", MediaType.problem)
    .send(Buffer.from(JSON.stringify(problem)));
}

/** What the servlet container says where Nakadi itself is not asked (protocol 0.5). */
export function sendContainerError(reply: FastifyReply, status: number, path: string, nowMs: number): FastifyReply {
  const timestamp = new Date(nowMs).toISOString().replace("Z", "+00:00");
  return sendJson(reply, status, { timestamp, status, error: STATUS_CODES[status], path });
}

/** `undefined` for what is no answer of the protocol. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof ProblemError) return problem(error.status, error.message);
  if (error instanceof ValidationError) {
    return { type: "http://httpstatus.es/422", status: 422, detail: error.message, title: titleOf(422) };
  }
  return undefined;
}

export function problem(status: number, detail: string): Problem {
  return { title: titleOf(status), status, ...(detail === "" ? {} : { detail }) };
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? "Unknown";
}
