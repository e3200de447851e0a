/**
 * A batch on its way through the handlers, and the parts that it is handled in.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import { type Batch, parseEvents, type StreamCursor } from "../stream/batch.ts";
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
  /** The handler asked for a commit in this try. */
  commitAsked: boolean;
  firstFailedAtMs: number | undefined;
}

export function workOf<E>(
  batch: Batch<E>,
  lane: LaneKey,
  session: WorkSession<E>,
  ticket: Ticket<StreamCursor>,
): Work<E> {
  const fresh = { gone: false, begun: false, left: 0, events: 0, commitAsked: false };
  return { lane, batch, session, ticket, ...fresh, said: new Map<string, DoneAs>() };
}

/**
 * The parts of a batch, in order: one for each event, or one for each key, or one for all.
 * @throws {ProtocolError} if the events are not JSON; what `key` throws
 */
export function partsOf<E>(work: Work<E>, single: boolean, key: ((event: E) => string) | undefined): WorkPart<E>[] {
  const { events } = work.batch;
  work.events = events.length;
  const keys = key ? events.map((event) => keyOf(key, event)) : events.map(() => "");
  const groups = new Map<string, number[]>();
  for (const [index, one] of keys.entries()) {
    const name = single ? String(index) : one;
    const group = groups.get(name);
    if (group) group.push(index);
    else groups.set(name, [index]);
  }
  const parts = [...groups.values()].map((indexes) => partOf(work, keys[indexes[0] ?? 0] ?? "", indexes, false));
  work.left = parts.length;
  return parts;
}

export function partOf<E>(work: Work<E>, key: string, indexes: readonly number[], halved: boolean): WorkPart<E> {
  const { lane } = work;
  const fresh = { attempts: 0, commitAsked: false, firstFailedAtMs: undefined };
  return { work, lane, key, indexes, size: indexes.length, halved, ...fresh };
}

/** Its events; made anew from the bytes for each further try, so that no handler sees what another one did to them. */
export function eventsOf<E>({ work, indexes, attempts, halved }: WorkPart<E>): readonly E[] {
  const seen = attempts > 0 || halved;
  const events = seen ? (parseEvents(work.batch.raw) as readonly E[]) : work.batch.events;
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

function keyOf<E>(key: (event: E) => string, event: E): string {
  const answer: unknown = key(event);
  if (typeof answer === "string") return answer;
  throw new TypeError("options.key must answer with a text for each event");
}
