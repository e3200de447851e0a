/** Parses events without blocking the event loop for a large batch. */
import { eachEvent } from "nakadi-protocol";
import { type Parsed, parsedEvent, parsedEvents } from "../../stream/event-parsing.ts";
import { nextTurn, turnIsSpent } from "../../stream/loop-budget.ts";

/** JSON of this size parses in a few milliseconds. */
const WHOLE_BYTES = 256 * 1024;

/** Synchronous for a small batch. */
export function eventsFrom<E>(raw: Uint8Array): readonly Parsed<E>[] | Promise<readonly Parsed<E>[]> {
  return raw.length <= WHOLE_BYTES ? parsedEvents<E>(raw) : inSlices<E>(raw);
}

async function inSlices<E>(raw: Uint8Array): Promise<readonly Parsed<E>[]> {
  const events: Parsed<E>[] = [];
  for (const event of eachEvent(raw)) {
    events.push(parsedEvent<E>(event));
    if (turnIsSpent()) await nextTurn();
  }
  return events;
}
