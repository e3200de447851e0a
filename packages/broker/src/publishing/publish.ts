/**
 * Publishes a batch: its events are scanned, then go through the steps (`steps.ts`), then are appended. One bad event
 * refuses the whole batch before anything is stored (protocol 4.1).
 */
import type { Clock } from "nakadi-protocol";
import type { LogPort } from "nakadi-storage";
import { eventTypeResource } from "../authorization/authorizer.ts";
import { noSuchEventType } from "../event-types/catalogue.ts";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { BegunWrite, Writers } from "../timelines/writers.ts";
import type { Snapshot } from "../metadata-snapshot.ts";
import type { Blacklist } from "../settings/blacklist.ts";
import type { Features } from "../settings/features.ts";
import { appendBatch } from "./append.ts";
import type { PublishOutcome } from "./append.ts";
import { Batch, EventOwners } from "./batch.ts";
import { refusedItems } from "./item-responses.ts";
import { scanInTurns } from "./scan.ts";
import { publishingSteps } from "./steps.ts";
import type { PublishingContext } from "./steps.ts";

export interface PublishingParts {
  eventTypes: EventTypes;
  writers: Writers;
  blacklist: Blacklist;
  features: Features;
  log: LogPort;
  limits: Limits;
  clock: Clock;
  /** From 0 up to, but not including, 1. */
  random: () => number;
}

/**
 * Stores the events of `body`, a JSON array of objects in UTF-8.
 * @throws {ProblemError} 400 for any other body, 403 if the producer is blocked or lacks the permission, 404 if the
 *   event type does not exist, 413 for more than `limits.maxBatchEvents`, 503 if a switch of its timeline takes longer than
 *   `limits.timelineSwitchMs`
 */
export async function publish(
  parts: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  return parts.writers.write(name, (begun) => storeEvents(begun, parts, name, body, context, signal));
}

async function storeEvents(
  { stored, at, stay }: BegunWrite,
  { eventTypes, log, limits, features, blacklist, clock, random }: PublishingParts,
  name: string,
  body: Uint8Array,
  context: PublishingContext,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  await blacklist.demandProducer(context.access.subject, name, at);
  const validation = stored && (await eventTypes.validation(stored));
  const batch = validation && new Batch(publishingSteps(stored, validation, { limits, clock, random }, context));
  const owners = stored && (await ownersOf(stored, features, at));
  await scanInTurns(body, limits, (item) => {
    owners?.addEvent(item);
    batch?.addEvent(item);
  });
  if (!stored) throw noSuchEventType(name);
  await context.access.demand("WRITE", eventTypeResource(stored.eventType));
  if (!batch) throw new ProblemError(404, `No json_schema found for event type: ${name}`);
  const denied = await owners?.denied(context.access);
  if (denied) return { status: 422, items: refusedItems(batch.eids, denied, []) };
  const terms = { log, clock, timeoutMs: limits.publishTimeoutMs, signal, stay };
  return appendBatch(terms, stored, batch, body);
}

/** Absent unless the event type names owners and the feature is on. */
async function ownersOf(
  { eventType }: StoredEventType,
  features: Features,
  at: Snapshot,
): Promise<EventOwners | undefined> {
  const { event_owner_selector: selector } = eventType;
  if (!selector || !(await features.isEnabled("event_owner_selector_authz", at))) return undefined;
  return new EventOwners(selector);
}
