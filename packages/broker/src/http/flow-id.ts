/** `X-Flow-Id`: echoed, or generated (protocol 0.2). A long one is cut, because it is in each answer and each event. */
import { randomInt } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Header } from "nakadi-protocol";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 24;
export const FLOW_ID_NAME = "X-Flow-Id";
/** Characters, far below the 16 KiB that HTTP clients accept as the head of an answer. */
const MAX_LENGTH = 1_024;

export function flowIds(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => setFlowId(request, reply));
}

export function setFlowId(
  { headers }: Pick<FastifyRequest, "headers">,
  reply: { header(name: string, value: unknown): unknown },
): void {
  reply.header(FLOW_ID_NAME, flowIdOr(headers[Header.flowId]));
}

/** The flow id of a request, or a generated one. */
export function flowIdOr(given: string | readonly string[] | undefined): string {
  const text = String(given ?? "").slice(0, MAX_LENGTH);
  return text === "" ? generateFlowId() : text;
}

export function flowIdOf(reply: FastifyReply): string {
  return String(reply.getHeader(FLOW_ID_NAME));
}

export function generateFlowId(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
