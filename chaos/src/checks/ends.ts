/**
 * Every acknowledged event comes to its end: handled, or, where handlers cannot bear it, safe as a dead letter; and dead
 * letters hold nothing else.
 * @pure
 */
import { isPoisonous, type Line } from "../history/line.ts";
import { calls } from "./storage.ts";
import { ofKind, type Violation } from "./violation.ts";

export function ends(history: readonly Line[]): Violation[] {
  const handled = handledIds(history);
  const letters = new Set(ofKind(history, "dead-letters").flatMap(({ ids }) => ids));
  return [
    ...unfinished(history, handled, letters),
    ...[...letters]
      .filter((id) => !isPoisonous(id))
      .map((id): Violation => ({ rule: "dead-letters", seq: 0, what: `${id}, which is sound, has a dead letter` })),
    ...vanished(history, letters),
  ];
}

function handledIds(history: readonly Line[]): Set<string> {
  const works = new Map<string, readonly string[]>();
  const handled = new Set<string>();
  for (const line of history) {
    if (line.kind === "handling") works.set(line.work, line.ids);
    if (line.kind === "handled") for (const id of works.get(line.work) ?? []) handled.add(id);
  }
  return handled;
}

function unfinished(history: readonly Line[], handled: ReadonlySet<string>, letters: ReadonlySet<string>): Violation[] {
  const found: Violation[] = [];
  for (const { seq, ids, statuses } of calls(history)) {
    for (const [index, id] of ids.entries()) {
      if (statuses?.[index] !== "submitted") continue;
      if (isPoisonous(id) && !letters.has(id)) {
        found.push({ rule: "dead-letters", seq, what: `${id}, which is poisonous, has no dead letter` });
      } else if (!isPoisonous(id) && !handled.has(id)) {
        found.push({ rule: "not-handled", seq, what: `${id} was acknowledged and never handled to its end` });
      }
    }
  }
  return found;
}

/** Dead letters that the server had taken and has no more. */
function vanished(history: readonly Line[], letters: ReadonlySet<string>): Violation[] {
  return ofKind(history, "dead-lettered").flatMap(({ seq, ids }) =>
    ids
      .filter((id) => !letters.has(id))
      .map((id): Violation => ({ rule: "dead-letters", seq, what: `the dead letter of ${id} was taken and is gone` })),
  );
}
