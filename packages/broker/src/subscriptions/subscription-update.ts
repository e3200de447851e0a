/**
 * A PUT changes only the authorization, annotations and labels of a subscription (protocol 2.5).
 * @pure
 */
import type { Subscription } from "nakadi-protocol";
import { demandNoDuplicates } from "../authorization/section.ts";
import { ProblemError } from "../problems.ts";
import { Members } from "../request-body.ts";
import { subscriptionRequest } from "./subscription-request.ts";

/**
 * The subscription after the update. Omitted members have their defaults, so a PUT must repeat unchanged members.
 * @throws {ProblemError} 400, 422
 * @throws {ValidationError}
 */
export function updatedSubscription(stored: Subscription, body: unknown, now: string): Subscription {
  const request = subscriptionRequest(body);
  const fixed: [what: string, before: unknown, after: unknown][] = [
    ["subscription consumer group", stored.consumer_group, request.consumer_group],
    ["subscription event types", stored.event_types, request.event_types],
    ["owning application", stored.owning_application, request.owning_application],
    ["read from", stored.read_from, request.read_from],
    ["initial cursors", stored.initial_cursors, request.initial_cursors],
  ];
  for (const [what, before, after] of fixed) {
    if (JSON.stringify(before) !== JSON.stringify(after)) throw new ProblemError(422, `Not allowed to change ${what}`);
  }
  if (stored.authorization && !request.authorization) {
    throw new ProblemError(422, "Changing authorization object to `null` is not possible due to existing one");
  }
  demandNoDuplicates(request.authorization);
  const given = Members.of(body);
  const kept = (name: "annotations" | "labels"): Record<string, string> =>
    (given.raw(name) ?? null) === null ? (stored[name] ?? {}) : request[name];
  return {
    ...stored,
    authorization: request.authorization,
    annotations: kept("annotations"),
    labels: kept("labels"),
    updated_at: now,
  };
}
