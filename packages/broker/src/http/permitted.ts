/** The resource of a path, after the permission for the operation is checked (protocol 0.6). */
import type { FastifyRequest } from "fastify";
import type { Subscription } from "nakadi-protocol";
import { eventTypeResource, type Operation, subscriptionResource } from "../authorization/authorizer.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Domain } from "./domain.ts";
import { pathParameter } from "./request-json.ts";

/** @throws {ProblemError} 403, 404 */
export async function permittedEventType(
  { eventTypes, access }: Pick<Domain, "eventTypes" | "access">,
  request: FastifyRequest,
  ...operations: Operation[]
): Promise<StoredEventType> {
  const stored = await eventTypes.get(pathParameter(request, "name"));
  for (const operation of operations) await access.demand(operation, eventTypeResource(stored.eventType));
  return stored;
}

/** @throws {ProblemError} 403, 404 */
export async function permittedSubscription(
  { subscriptions, access }: Pick<Domain, "subscriptions" | "access">,
  request: FastifyRequest,
  ...operations: Operation[]
): Promise<Subscription> {
  const subscription = await subscriptions.get(pathParameter(request, "id"));
  for (const operation of operations) await access.demand(operation, subscriptionResource(subscription));
  return subscription;
}
