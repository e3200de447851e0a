/**
 * A batch on its way through the handlers, and the parts that it is handled in.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { Batch, StreamCursor } from "../stream/batch.ts";
import type { DoneAs, Ticket } from "./commit-tracker.ts";
import type { Handler, HandlerOutcome } from "./handler.ts";
import type { Part } from "./lane-scheduler.ts";

/** A session as its batches see it. */
export interface WorkSession<E> {
  readonly streamId: string;
  /** Handlers that were made for its lanes. */
  readonly handlers: Map<LaneKey, Handler<E>>;
}

export interface Work<E> {
  readonly lane: LaneKey;
  readonly batch: Batch<E>;
  readonly session: WorkSession<E>;
  readonly ticket: Ticket<StreamCursor>;
  /** Its session, or its lane, is gone: nothing of it counts any more. */
  gone: boolean;
  /** A handler has seen something of it. */
  begun: boolean;
  readonly receivedAtMs: number;
  /** Its events, as no handler has seen them. */
  fresh: readonly E[];
  /** Parts that are not done. */
  left: number;
  events: number;
  /** What was said last for each key. */
  readonly said: Map<string, DoneAs>;
  commitAsked: boolean;
}

export interface WorkPart<E> extends Part {
  readonly work: Work<E>;
  /** Of its events in the batch. */
  readonly indexes: readonly number[];
  /** A piece of a batch that had all its tries. */
  readonly halved: boolean;
  /** Tries that have failed. */
  attempts: number;
  /** A handler has had its events. */
  seen: boolean;
  /** The handler asked for a commit in this try. */
  commitAsked: boolean;
  firstFailedAtMs: number | undefined;
}

export function workOf<E>(
  batch: Batch<E>,
  lane: LaneKey,
  session: WorkSession<E>,
  ticket: Ticket<StreamCursor>,
  receivedAtMs: number,
): Work<E> {
  const start = { gone: false, begun: false, fresh: [], left: 0, events: 0, commitAsked: false };
  return { lane, batch, session, ticket, receivedAtMs, ...start, said: new Map<string, DoneAs>() };
}

/**
 * The parts of a batch, in order: one for each event, or one for each key, or one for all.
 * @throws what `key` throws
 */
export function partsOf<E>(
  work: Work<E>,
  events: readonly E[],
  single: boolean,
  key: ((event: E) => string) | undefined,
): WorkPart<E>[] {
  work.fresh = events;
  work.events = events.length;
  const parts = single
    ? events.map((event, index) => partOf(work, key ? keyOf(key, event) : "", [index], false))
    : [...groups(events, key)].map(([name, indexes]) => partOf(work, name, indexes, false));
  work.left = parts.length;
  return parts;
}

export function partOf<E>(work: Work<E>, key: string, indexes: readonly number[], halved: boolean): WorkPart<E> {
  const { lane } = work;
  const start = { attempts: 0, seen: halved, commitAsked: false, firstFailedAtMs: undefined };
  return { work, lane, key, indexes, size: indexes.length, halved, ...start };
}

/** Its events, of all events of the batch. */
export function pick<E>({ work, indexes }: WorkPart<E>, events: readonly E[]): readonly E[] {
  return indexes.length === work.events ? events : indexes.map((index) => events[index] as E);
}

/** Notes what the handler said of a part, and tells the whole batch's outcome once nothing is left. */
export function settle<E>(part: WorkPart<E>, outcome: HandlerOutcome, manual: boolean): DoneAs | undefined {
  const { work, key } = part;
  const said = saidOf(part, outcome, manual);
  if (said === "commit") work.commitAsked = true;
  work.said.set(key, said);
  work.left -= 1;
  if (work.left > 0) return undefined;
  if ([...work.said.values()].includes("hold")) return "hold";
  return work.commitAsked ? "commit" : "done";
}

function saidOf<E>({ commitAsked }: WorkPart<E>, outcome: HandlerOutcome, manual: boolean): DoneAs {
  if (outcome === "hold" || outcome === "commit") return outcome;
  if (commitAsked) return "commit";
  return manual ? "hold" : "done";
}

function groups<E>(events: readonly E[], key: ((event: E) => string) | undefined): Map<string, number[]> {
  if (!key) return new Map([["", Array.from(events.keys())]]);
  const found = new Map<string, number[]>();
  for (const [index, event] of events.entries()) {
    const name = keyOf(key, event);
    const group = found.get(name);
    if (group) group.push(index);
    else found.set(name, [index]);
  }
  return found;
}

function keyOf<E>(key: (event: E) => string, event: E): string {
  const answer: unknown = key(event);
  if (typeof answer === "string") return answer;
  throw new TypeError("options.key must answer with a text for each event");
}
