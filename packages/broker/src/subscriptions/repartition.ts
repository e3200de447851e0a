/**
 * More partitions for an event type (protocol 5.7.3): first the log grows, then the event type, then the topology
 * of each subscription while it has no streams. A repeated request resumes where a crash ended it.
 */
import type { LogPort } from "nakadi-storage";
import type { EventTypes } from "../event-types/catalogue.ts";
import type { EventTypeChange } from "../event-types/changes.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Writers } from "../timelines/writers.ts";
import { noSuchEventType } from "../event-types/catalogue.ts";
import { isNotFound, ProblemError } from "../problems.ts";
import { addPartitions, initialise, knowsAll } from "./initialise.ts";
import type { Subscriptions } from "./registry.ts";
import { type StandstillParts, withoutStreams } from "./standstill.ts";

export interface RepartitionParts extends StandstillParts {
  subscriptions: Subscriptions;
  eventTypes: EventTypes;
  writers: Writers;
  log: LogPort;
}

/**
 * Does nothing if the event type has as many partitions. Waits for streams to end, up to the longest commit timeout.
 * @returns the event type before and after a change
 * @throws {ProblemError} 404; 422 for fewer partitions, or more than the maximum; 500 if streams do not end in time
 */
export async function repartition(
  parts: RepartitionParts,
  name: string,
  count: number,
): Promise<EventTypeChange | undefined> {
  const change = await parts.writers.write(name, async ({ stored, stay }) => {
    if (!stored) throw noSuchEventType(name);
    demandCount(stored, count, parts.limits.maxPartitions);
    if (count === stored.partitions) return undefined;
    const log = stored.timelines.at(-1)?.log ?? "";
    stay.demandSafe();
    await parts.log.grow(log, count);
    const after = await parts.eventTypes.change(name, (now) => {
      // Deleted concurrently, and created again under the same name.
      if (now.timelines.at(-1)?.log !== log) throw noSuchEventType(name);
      demandCount(now, count, parts.limits.maxPartitions);
      return grown(now, count, new Date(parts.clock.wallMs()).toISOString());
    });
    return { before: stored.eventType, after: after.eventType };
  });
  const readers = await parts.subscriptions.of(name);
  await Promise.all(readers.map(({ id }) => takeIn(parts, id)));
  return change;
}

function demandCount({ partitions }: StoredEventType, count: number, max: number): void {
  if (count < partitions) throw new ProblemError(422, "Number of partitions can not decrease");
  if (count > max) throw new ProblemError(422, `Number of partitions should not be more than ${max}`);
}

function grown(stored: StoredEventType, count: number, now: string): StoredEventType {
  const statistic = stored.eventType.default_statistic ?? { messages_per_minute: 1, message_size: 1 };
  const default_statistic = { ...statistic, read_parallelism: count, write_parallelism: count };
  return { ...stored, partitions: count, eventType: { ...stored.eventType, default_statistic, updated_at: now } };
}

async function takeIn(parts: RepartitionParts, id: string): Promise<void> {
  const { subscriptions, coordination } = parts;
  try {
    const subscription = await subscriptions.get(id);
    const eventTypes = await subscriptions.eventTypesOf(subscription);
    const current = await coordination.group(id);
    if (!current) return await initialise(parts, subscription, eventTypes);
    if (knowsAll(current.group, eventTypes)) return;
    const alive: ReadonlySet<string> = new Set();
    await withoutStreams(parts, id, (group) => addPartitions(parts, id, { group, alive }, eventTypes));
  } catch (error) {
    // The subscription was deleted concurrently.
    if (!isNotFound(error)) throw error;
  }
}
