/** Answers as the real server sends them: no charset, compact JSON, empty bodies without content type (protocol 0.3 to 0.5). */
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import { MediaType, type Problem } from "nakadi-protocol";
import { StorageFailedError } from "nakadi-storage";
import { jsonAcceptance } from "./accept.ts";
import type { PlainAnswer } from "./plain-answer.ts";
import { ConstraintViolationError, ProblemError, ValidationError, type Violation } from "../problems.ts";

const OLD_PROBLEM = "application/x.problem+json";

const CONSTRAINT_VIOLATION = "https://zalando.github.io/problem/constraint-violation";

/** A 406 if the client does not accept JSON; without a body if `Accept` is unreadable. */
export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return sendJsonText(reply, status, JSON.stringify(body));
}

/** @param text JSON. It is sent as a buffer, because Fastify adds a charset to texts. */
export function sendJsonText(reply: FastifyReply, status: number, text: string): FastifyReply {
  switch (jsonAcceptance(reply.request.headers.accept)) {
    case "accepted":
      return reply.code(status).header("content-type", MediaType.json).send(Buffer.from(text));
    case "refused":
      return sendProblem(reply, problem(406, "Could not find acceptable representation"));
    case "unreadable":
      return sendEmpty(reply, 406);
  }
}

export function sendEmpty(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send();
}

/** The media type `application/x.problem+json` is for clients that accept nothing else. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const type = reply.request.headers.accept === OLD_PROBLEM ? OLD_PROBLEM : MediaType.problem;
  return reply
    .code(problem.status)
    .header("content-type", type)
    .send(Buffer.from(JSON.stringify(problem)));
}

export function sendPlain(reply: FastifyReply, { status, headers, body }: PlainAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(body.length === 0 ? undefined : Buffer.from(body));
}

/** The answer to an error of the protocol; `undefined` for any other error. */
export function problemOf(error: unknown): (Problem & { violations?: readonly Violation[] }) | undefined {
  if (error instanceof ProblemError) return problem(error.status, error.message);
  if (error instanceof ValidationError) {
    return { type: "http://httpstatus.es/422", status: 422, detail: error.message, title: titleOf(422) };
  }
  if (error instanceof ConstraintViolationError) {
    const violations = error.violations.map(({ field, message }) => ({ field, message }));
    return { type: CONSTRAINT_VIOLATION, title: "Constraint Violation", status: 400, violations };
  }
  if (error instanceof StorageFailedError) return problem(503, error.advice);
  return undefined;
}

export function problem(status: number, detail: string): Problem {
  return { title: titleOf(status), status, ...(detail === "" ? {} : { detail }) };
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? "Unknown";
}
