/** Events from bytes, without holding the event loop for a large batch. */
import { eachEvent } from "nakadi-protocol";
import { ProtocolError } from "../errors/nakadi-error.ts";
import { parseEvents } from "../stream/batch.ts";
import { nextTurn, turnIsSpent } from "../stream/loop-budget.ts";

/** So much is parsed in a few milliseconds. */
const WHOLE_BYTES = 256 * 1024;

/** At once where the batch is small. @throws {ProtocolError} if they are not JSON, or rejects with it */
export function eventsFrom<E>(raw: Uint8Array): readonly E[] | Promise<readonly E[]> {
  return raw.length <= WHOLE_BYTES ? (parseEvents(raw) as readonly E[]) : inSlices(raw);
}

async function inSlices<E>(raw: Uint8Array): Promise<readonly E[]> {
  const decoder = new TextDecoder();
  const events: E[] = [];
  try {
    for (const event of eachEvent(raw)) {
      events.push(JSON.parse(decoder.decode(event)) as E);
      if (turnIsSpent()) await nextTurn();
    }
  } catch {
    throw new ProtocolError("the events of a batch are not JSON");
  }
  return events;
}
