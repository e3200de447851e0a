/** What is read: one event type, or all those of a subscription. */
import type { Cursor, EventType, NakadiClient, PartitionCursor } from "nakadi-client";
import { isUuid } from "nakadi-protocol";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { knownEventType } from "../known-event-type.ts";
import { knownSubscription } from "../known-subscription.ts";
import type { Place } from "./place.ts";

export interface Source {
  eventTypes: readonly EventType[];
  /** Where the consumers of the subscription are; `undefined` for an event type. */
  committed: (() => Promise<Cursor[]>) | undefined;
}

/** Where to begin in one event type, as the client takes it. */
export type LogPlace = "begin" | "end" | { last: number } | { time: number } | readonly PartitionCursor[];

/** @throws {Failure} where there is none of that name */
export async function sourceNamed(nakadi: NakadiClient, name: string, signal: AbortSignal): Promise<Source> {
  if (!isUuid(name)) return sourceOf(nakadi, name, signal);
  const { event_types } = await knownSubscription(nakadi, name, signal);
  return {
    eventTypes: await Promise.all(event_types.map((one) => nakadi.eventTypes.get(one, { signal }))),
    committed: () => nakadi.subscriptions.cursors(name, { signal }),
  };
}

/** One event type. @throws {Failure} where there is none of that name */
export async function sourceOf(nakadi: NakadiClient, eventType: string, signal: AbortSignal): Promise<Source> {
  return { eventTypes: [await knownEventType(nakadi, eventType, signal)], committed: undefined };
}

/**
 * The place in each event type; those in which nothing is meant are left out.
 * @throws {Failure} if the place does not fit what is read
 */
export async function placesIn({ eventTypes, committed }: Source, place: Place): Promise<Map<EventType, LogPlace>> {
  if (place === "committed") {
    if (!committed)
      throw new Failure("committed is a place in a subscription: give its id, not an event type", EXIT.usage);
    const positions = await committed();
    if (positions.length === 0)
      throw new Failure(
        "this subscription was never read, so nothing is committed: take --from begin or end",
        EXIT.usage,
      );
    return byEventType(eventTypes, positions);
  }
  if (Array.isArray(place)) return byEventType(eventTypes, named(eventTypes, place));
  return new Map(eventTypes.map((eventType) => [eventType, place]));
}

function named(
  eventTypes: readonly EventType[],
  typed: Extract<Place, readonly unknown[]>,
): Omit<Cursor, "cursor_token">[] {
  const names = eventTypes.map(({ name }) => name);
  return typed.map(({ event_type, ...position }) => {
    const name = event_type ?? (names.length === 1 ? names[0] : undefined);
    if (name !== undefined && names.includes(name)) return { ...position, event_type: name };
    throw new Failure(
      event_type === undefined
        ? `whose partition is ${position.partition}? Write eventtype/partition:offset, with one of: ${names.join(", ")}`
        : `${event_type} is not read here, only: ${names.join(", ")}`,
      EXIT.usage,
    );
  });
}

function byEventType(
  eventTypes: readonly EventType[],
  cursors: readonly Omit<Cursor, "cursor_token">[],
): Map<EventType, LogPlace> {
  const places = eventTypes.map((eventType): [EventType, PartitionCursor[]] => [
    eventType,
    cursors
      .filter(({ event_type }) => event_type === eventType.name)
      .map(({ partition, offset }) => ({ partition, offset })),
  ]);
  return new Map(places.filter(([, positions]) => positions.length > 0));
}
