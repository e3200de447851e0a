/**
 * A batch on its way through the handlers, and the parts that it is handled in.
 * @pure
 */
import { eachEvent, type LaneKey } from "nakadi-protocol";
import type { Batch, StreamCursor } from "../../stream/batch.ts";
import { type Parsed, UNREADABLE } from "../../stream/event-parsing.ts";
import type { DoneAs, Ticket } from "../reading/commit-tracker.ts";
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
  fresh: readonly Parsed<E>[];
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
 * The parts of a batch, in order: one for each event, or one for each key, or one for all. An event that is not JSON is a part of
 * its own; what stands behind it is handled behind it.
 * @throws what `key` throws
 */
export function partsOf<E>(
  work: Work<E>,
  events: readonly Parsed<E>[],
  single: boolean,
  key: ((event: E) => string) | undefined,
): WorkPart<E>[] {
  work.fresh = events;
  work.events = events.length;
  return single
    ? events.map((event, index) => partOf(work, keyOf(key, event), [index], false))
    : groups(events, key).map(([name, indexes]) => partOf(work, name, indexes, false));
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
export function pick<E>({ work, indexes }: WorkPart<E>, events: readonly Parsed<E>[]): readonly Parsed<E>[] {
  return indexes.length === work.events ? events : indexes.map((index) => events[index] as Parsed<E>);
}

/** The bytes of its events. */
export function rawsOf<E>({ work, indexes }: WorkPart<E>): readonly Uint8Array[] {
  const all = [...eachEvent(work.batch.raw)];
  return indexes.flatMap((index) => all[index] ?? []);
}

/** The place of the event that is not JSON, where the part is one. */
export function unreadableIndex<E>({ work, indexes }: WorkPart<E>): number | undefined {
  const [first = 0] = indexes;
  return indexes.length === 1 && work.fresh[first] === UNREADABLE ? first : undefined;
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

function groups<E>(
  events: readonly Parsed<E>[],
  key: ((event: E) => string) | undefined,
): (readonly [key: string, indexes: number[]])[] {
  const found: (readonly [string, number[]])[] = [];
  let open = new Map<string, number[]>();
  for (const [index, event] of events.entries()) {
    const name = keyOf(key, event);
    const group = open.get(name);
    if (event === UNREADABLE) {
      found.push(...open, [name, [index]]);
      open = new Map();
    } else if (group) group.push(index);
    else open.set(name, [index]);
  }
  return [...found, ...open];
}

/** Nobody knows the key of an event that is not JSON. */
function keyOf<E>(key: ((event: E) => string) | undefined, event: Parsed<E>): string {
  if (!key || event === UNREADABLE) return "";
  const answer: unknown = key(event);
  if (typeof answer === "string") return answer;
  throw new TypeError("options.key must answer with a text for each event");
}
