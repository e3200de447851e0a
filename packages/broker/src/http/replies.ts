/** Answers to the byte: no charset, compact JSON, really empty bodies (protocol 0.3 to 0.5). */
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import { MediaType, type Problem } from "nakadi-protocol";
import { StorageFailedError } from "nakadi-storage";
import { ConstraintViolationError, ProblemError, ValidationError, type Violation } from "../problems.ts";

const OLD_PROBLEM = "application/x.problem+json";

const CONSTRAINT_VIOLATION = "https://zalando.github.io/problem/constraint-violation";

/**
 * A buffer, because Fastify adds a charset to texts.
 * @throws {ProblemError} 406 where the client takes no JSON
 */
export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  if (!acceptsJson(reply.request.headers.accept))
    throw new ProblemError(406, "Could not find acceptable representation");
  return sendContainerJson(reply, status, body);
}

function sendContainerJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply
    .code(status)
    .header("content-type", MediaType.json)
    .send(Buffer.from(JSON.stringify(body)));
}

/** Whether one of the ranges of an `Accept` header fits `application/json`; anything does without one (protocol 0.2). */
function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === "") return true;
  return accept.split(",").some((range) => {
    const [type = "", ...parameters] = range
      .toLowerCase()
      .split(";")
      .map((part) => part.trim());
    const fits = /^(?:\*\/\*|application\/(?:\*|json|(?:x\.)?problem\+json|x-json-stream|\*\+json))$/.test(type);
    return fits && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

export function sendEmpty(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send();
}

/** The older media type is for those who accept nothing else. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const type = reply.request.headers.accept === OLD_PROBLEM ? OLD_PROBLEM : MediaType.problem;
  return reply
    .code(problem.status)
    .header("content-type", type)
    .send(Buffer.from(JSON.stringify(problem)));
}

/** What the servlet container says where Nakadi itself is not asked (protocol 0.5). */
export function sendContainerError(reply: FastifyReply, status: number, path: string, nowMs: number): FastifyReply {
  const timestamp = new Date(nowMs).toISOString().replace("Z", "+00:00");
  return sendContainerJson(reply, status, { timestamp, status, error: STATUS_CODES[status], path });
}

/** `undefined` for what is no answer of the protocol. */
export function problemOf(error: unknown): (Problem & { violations?: readonly Violation[] }) | undefined {
  if (error instanceof ProblemError) return problem(error.status, error.message);
  if (error instanceof ValidationError) {
    return { type: "http://httpstatus.es/422", status: 422, detail: error.message, title: titleOf(422) };
  }
  if (error instanceof ConstraintViolationError) {
    const violations = error.violations.map(({ field, message }) => ({ field, message }));
    return { type: CONSTRAINT_VIOLATION, title: "Constraint Violation", status: 400, violations };
  }
  if (error instanceof StorageFailedError) return problem(503, "The storage has failed.");
  return undefined;
}

export function problem(status: number, detail: string): Problem {
  return { title: titleOf(status), status, ...(detail === "" ? {} : { detail }) };
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? "Unknown";
}
