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
  /** A commit of it was taken. */
  readonly advanced: boolean;
  /** Its stream is over. */
  readonly ended: boolean;
  /** The commit timeout is near, or over. */
  isOverdue(): boolean;
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
  /** All of it in order, what is done included; nothing before it is opened. */
  parts: readonly WorkPart<E>[];
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
  /** The last try failed with this, and what follows has not come to an end. */
  unresolved: { error: unknown } | undefined;
  /** How often it was begun to give it up: asking the policy, writing dead letters. */
  buried: number;
  /** The handler came to an end so late that the commit may be refused. */
  late: boolean;
  doneAs: DoneAs | undefined;
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
  const start = { gone: false, begun: false, fresh: [], parts: [], left: 0, events: 0, commitAsked: false };
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
  return single
    ? events.map((event, index) => partOf(work, key ? keyOf(key, event) : "", [index], false))
    : [...groups(events, key)].map(([name, indexes]) => partOf(work, name, indexes, false));
}

/** Takes the batch to be in these parts; answers with those that are not done. */
export function begin<E>(work: Work<E>, parts: readonly WorkPart<E>[]): WorkPart<E>[] {
  work.parts = parts;
  const open = parts.filter(({ doneAs }) => doneAs === undefined);
  work.left = open.length;
  for (const { key, doneAs } of parts) if (doneAs !== undefined) noteSaid(work, key, doneAs);
  return open;
}

/** The part is in pieces from now on. */
export function cut<E>(part: WorkPart<E>, pieces: readonly WorkPart<E>[]): void {
  const { work } = part;
  work.parts = work.parts.flatMap((one) => (one === part ? pieces : one));
  work.left += pieces.length - 1;
}

export function partOf<E>(work: Work<E>, key: string, indexes: readonly number[], halved: boolean): WorkPart<E> {
  const { lane } = work;
  const failures = { attempts: 0, unresolved: undefined, buried: 0, firstFailedAtMs: undefined };
  const start = { ...failures, seen: halved, commitAsked: false, late: false, doneAs: undefined };
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
  part.doneAs = said;
  noteSaid(work, key, said);
  work.left -= 1;
  return work.left > 0 ? undefined : outcomeOf(work);
}

/** What was said of a batch of which nothing is left. */
export function outcomeOf<E>({ said, commitAsked }: Work<E>): DoneAs {
  if ([...said.values()].includes("hold")) return "hold";
  return commitAsked ? "commit" : "done";
}

function noteSaid<E>(work: Work<E>, key: string, said: DoneAs): void {
  if (said === "commit") work.commitAsked = true;
  work.said.set(key, said);
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
