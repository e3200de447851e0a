/**
 * A request to create a subscription: its members, their defaults and rules (protocol 2.1).
 * @pure
 */
import type { ReadFrom, SubscriptionRequest } from "nakadi-protocol";
import { readAuthorization } from "../authorization/section.ts";
import { annotationViolations, labelViolations } from "../event-types/annotations.ts";
import { ProblemError } from "../problems.ts";
import { Members } from "../request-body.ts";
import { deadLetterViolations } from "../dead-letters/dead-letter-annotations.ts";

export type CompleteSubscriptionRequest = Required<SubscriptionRequest> & {
  initial_cursors: NonNullable<SubscriptionRequest["initial_cursors"]>;
  annotations: Record<string, string>;
  labels: Record<string, string>;
};

const READ_FROM: readonly ReadFrom[] = ["begin", "end", "cursors"];
const EMPTY_TEXT = "must contain at least one character";

/**
 * Fills in the defaults; event types come out sorted and without duplicates.
 * @throws {ProblemError} 400
 * @throws {ValidationError}
 */
export function subscriptionRequest(body: unknown): CompleteSubscriptionRequest {
  const members = Members.of(body);
  const request: CompleteSubscriptionRequest = {
    owning_application: members.requiredText("owning_application", EMPTY_TEXT),
    event_types: eventTypes(members),
    consumer_group: members.has("consumer_group") ? members.requiredText("consumer_group", EMPTY_TEXT) : "default",
    read_from: readFrom(members),
    initial_cursors: (members.objects("initial_cursors") ?? []).map((cursor) => ({
      event_type: cursor.requiredText("event_type"),
      partition: cursor.requiredText("partition"),
      offset: cursor.requiredText("offset"),
    })),
    authorization: readAuthorization(members, ["admins", "readers"]),
    annotations: members.textMap("annotations") ?? {},
    labels: members.textMap("labels") ?? {},
  };
  for (const violation of annotationViolations(request.annotations)) members.add(violation);
  for (const violation of deadLetterViolations(request.annotations)) members.add(violation);
  for (const violation of labelViolations(request.labels)) members.add(violation);
  members.demandValid();
  return request;
}

/** The key: requests with the same key mean the same subscription (protocol 2.2). */
export function subscriptionKey({
  owning_application,
  event_types,
  consumer_group,
}: Pick<CompleteSubscriptionRequest, "owning_application" | "event_types" | "consumer_group">): string {
  return JSON.stringify([owning_application, consumer_group, event_types]);
}

function eventTypes(members: Members): string[] {
  if (members.has("event_types") && members.raw("event_types") === null) {
    throw new ProblemError(400, "Cannot read event_types: it must be an array");
  }
  const list = members.texts("event_types");
  if (list === null) members.violate("event_types", "must not be null");
  else if (list.length === 0) members.violate("event_types", "must contain at least one element");
  return [...new Set(list)].sort();
}

function readFrom(members: Members): ReadFrom {
  if (!members.has("read_from")) return "end";
  const text = members.text("read_from");
  const found = READ_FROM.find((one) => one === text?.toLowerCase());
  if (found) return found;
  throw new ProblemError(400, `Illegal enum value: '${text}'. Possible values: [${READ_FROM.join(", ")}]`);
}
