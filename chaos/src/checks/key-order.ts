/**
 * What a publisher promises beyond verdicts: events of one key lie in the order in which they were sent, as far as all of them
 * were stored for certain; and what it had accepted before it was stopped is not given up while there is time.
 * @pure
 */
import { keyOf, type Line } from "../history/line.ts";
import { entryOf, spanOf } from "../history/places.ts";
import { calls } from "./storage.ts";
import { ofKind, type Violation } from "./violation.ts";

export function keyOrder(history: readonly Line[]): Violation[] {
  const places = firstPlaces(history);
  const found: Violation[] = [];
  const lasts = new Map<string, { id: string; number: number }>();
  for (const { seq, from, eventType, ids, statuses } of calls(history)) {
    for (const [index, id] of ids.entries()) {
      const key = keyOf(id);
      const number = places.get(id);
      if (key === undefined || number === undefined || statuses?.[index] !== "submitted") continue;
      const sender = `${from} ${eventType} ${key}`;
      const before = lasts.get(sender);
      if (before && number < before.number) {
        found.push({ rule: "key-order", seq, what: `${id} lies before ${before.id}, which was sent before it` });
      }
      lasts.set(sender, { id, number });
    }
  }
  return [...found, ...givenUp(history)];
}

/** An event that was sent twice may lie at two places: the first counts. */
function firstPlaces(history: readonly Line[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const line of ofKind(history, "stored")) {
    const { first } = spanOf(line);
    for (const [index, id] of line.ids.entries()) entryOf(places, id, () => first + index);
  }
  return places;
}

function givenUp(history: readonly Line[]): Violation[] {
  return ofKind(history, "published").flatMap(({ seq, call, givenUp = [] }) =>
    givenUp.map((index): Violation => ({
      rule: "given-up",
      seq,
      what: `event ${index} of ${call} was given up by stop`,
    })),
  );
}
