/**
 * Compares the stored events with the results of their publishers: each acknowledged event is stored, no refused one is, each
 * offset has one event forever, and an event that was acknowledged at its first attempt is stored once.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { LaneOffset, Line, VerdictStatus } from "../history/line.ts";
import { entryOf, numberOf, spanOf } from "../history/places.ts";
import { ofKind, type Violation } from "./violation.ts";

export function storage(history: readonly Line[]): Violation[] {
  const stored = new Set(ofKind(history, "stored").flatMap(({ ids }) => ids));
  return [...unreadLanes(history), ...offsets(history), ...verdicts(history, stored)];
}

/** The reading at the end has come to the newest offset of each lane. */
function unreadLanes(history: readonly Line[]): Violation[] {
  const next = new Map<LaneKey, number>();
  const found: Violation[] = [];
  const missing = (seq: number, what: string): void => void found.push({ rule: "missing-line", seq, what });
  for (const line of ofKind(history, "stored")) {
    const { first, last } = spanOf(line);
    const expected = next.get(line.lane) ?? 0;
    if (first !== expected) missing(line.seq, `${line.lane} was read from ${first}, not from ${expected}`);
    next.set(line.lane, last + 1);
  }
  for (const { seq, lane, offset } of ofKind(history, "stored-up-to")) {
    const newest = numberOf(offset);
    if ((next.get(lane) ?? 0) - 1 !== newest) missing(seq, `${lane} was not read up to ${newest}`);
    next.delete(lane);
  }
  for (const lane of next.keys()) missing(0, `the newest offset of ${lane} was not recorded`);
  return found;
}

function offsets(history: readonly Line[]): Violation[] {
  const found: Violation[] = [];
  const events = new Map<LaneKey, Map<number, string>>();
  const places = new Map<string, string>();
  const once = acknowledgedAtOnce(history);
  const see = (line: LaneOffset & { seq: number; ids: readonly string[] }): void => {
    const { first } = spanOf(line);
    const lane = entryOf(events, line.lane, () => new Map<number, string>());
    for (const [index, id] of line.ids.entries()) {
      const number = first + index;
      const known = entryOf(lane, number, () => id);
      if (known !== id) {
        const what = `${line.lane} has ${id} at ${number}, where ${known} was seen`;
        found.push({ rule: "changed-offset", seq: line.seq, what });
      }
      const place = `${line.lane} ${number}`;
      const other = entryOf(places, id, () => place);
      if (other !== place && once.has(id)) {
        found.push({ rule: "stored-twice", seq: line.seq, what: `${id} lies at ${other} and at ${place}` });
      }
    }
  };
  for (const line of history) if (line.kind === "delivered" || line.kind === "stored") see(line);
  return found;
}

/** Events that were acknowledged at their first attempt. */
function acknowledgedAtOnce(history: readonly Line[]): Set<string> {
  const once = new Set<string>();
  for (const { ids, attempts, statuses, twice } of calls(history)) {
    if (attempts > 1) continue;
    for (const [index, id] of ids.entries()) {
      if (statuses?.[index] === "submitted" && !twice.includes(index)) once.add(id);
    }
  }
  return once;
}

function verdicts(history: readonly Line[], stored: ReadonlySet<string>): Violation[] {
  const found: Violation[] = [];
  for (const { seq, ids, statuses } of calls(history)) {
    for (const [index, id] of ids.entries()) {
      const status = statuses?.[index];
      if (status === "submitted" && !stored.has(id)) {
        found.push({ rule: "lost", seq, what: `${id} was acknowledged and is not stored` });
      } else if ((status === "rejected" || status === "aborted") && stored.has(id)) {
        found.push({ rule: "untruthful", seq, what: `${id} was ${status} and is stored` });
      }
    }
  }
  return found;
}

/** The events of one call with their last result; undefined where the call has none. */
export interface Call {
  seq: number;
  from: string;
  eventType: string;
  ids: readonly string[];
  attempts: number;
  statuses: readonly VerdictStatus[] | undefined;
  /** Indexes of events that may be stored twice. */
  twice: readonly number[];
}

export function calls(history: readonly Line[]): Iterable<Call> {
  const known = new Map<string, Call>();
  for (const line of history) {
    if (line.kind === "publishing") {
      const { seq, from, eventType, ids, attempt } = line;
      known.set(line.call, { seq, from, eventType, ids, attempts: attempt, statuses: undefined, twice: [] });
    } else if (line.kind === "published") {
      const call = known.get(line.call);
      const { verdicts, twice = [] } = line;
      if (!call) continue;
      call.statuses = typeof verdicts === "string" ? call.ids.map(() => verdicts) : verdicts;
      call.twice = twice;
    }
  }
  return known.values();
}
