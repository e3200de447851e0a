/**
 * A received batch until it is committed, and the parts that it is handled in.
 * @pure
 */
import { eachEvent, type LaneKey } from "nakadi-protocol";
import type { Batch, StreamCursor } from "../../stream/batch.ts";
import { type Parsed, UNREADABLE } from "../../stream/event-parsing.ts";
import type { DoneAs, Ticket } from "../reading/commit-tracker.ts";
import type { Handler, HandlerOutcome } from "./handler.ts";
import type { Part } from "./lane-scheduler.ts";

/** What a batch needs to know about its session. */
export interface WorkSession<E> {
  readonly streamId: string;
  /** The handlers of its lanes. */
  readonly handlers: Map<LaneKey, Handler<E>>;
  /** A commit of it advanced a position. */
  readonly advanced: boolean;
  /** Its stream has ended. */
  readonly ended: boolean;
  /** The commit timeout is near or has passed. */
  isOverdue(): boolean;
}

export interface Work<E> {
  readonly lane: LaneKey;
  readonly batch: Batch<E>;
  readonly session: WorkSession<E>;
  readonly ticket: Ticket<StreamCursor>;
  /** Its session or lane is lost: no outcome counts. */
  gone: boolean;
  /** A handler was called with events of it. */
  begun: boolean;
  readonly receivedAtMs: number;
  /** Its events, before any handler could change them. */
  fresh: readonly Parsed<E>[];
  /** All parts in order, done parts included; empty until the batch is opened. */
  parts: readonly WorkPart<E>[];
  /** Number of parts that are not done. */
  left: number;
  events: number;
  /** The last outcome for each key. */
  readonly outcomes: Map<string, DoneAs>;
  commitAsked: boolean;
}

export interface WorkPart<E> extends Part {
  readonly work: Work<E>;
  /** Positions of its events in the batch. */
  readonly indexes: readonly number[];
  /** A half of a part whose last attempt has failed. */
  readonly halved: boolean;
  /** Failed attempts. */
  attempts: number;
  /** The error of the last attempt, until the failure is resolved. */
  unresolved: { error: unknown } | undefined;
  /** How often a resolution of its failure was begun: asking the policy, writing dead letters. */
  resolutions: number;
  /** The handler returned so late that the commit may be refused. */
  late: boolean;
  doneAs: DoneAs | undefined;
  /** A handler was called with its events. */
  seen: boolean;
  /** The handler called `context.commit()` in this attempt. */
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
  return { lane, batch, session, ticket, receivedAtMs, ...start, outcomes: new Map<string, DoneAs>() };
}

/**
 * The parts of a batch, in order: one for each event, or one for each key, or one for all. An event that is not JSON is a part of
 * its own, and the events behind it are handled after it.
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

/** Sets the parts of the batch and returns those that are not done. */
export function beginParts<E>(work: Work<E>, parts: readonly WorkPart<E>[]): WorkPart<E>[] {
  work.parts = parts;
  const open = parts.filter(({ doneAs }) => doneAs === undefined);
  work.left = open.length;
  for (const { key, doneAs } of parts) if (doneAs !== undefined) noteOutcome(work, key, doneAs);
  return open;
}

/** Replaces the part by its pieces. */
export function replaceByPieces<E>(part: WorkPart<E>, pieces: readonly WorkPart<E>[]): void {
  const { work } = part;
  work.parts = work.parts.flatMap((one) => (one === part ? pieces : one));
  work.left += pieces.length - 1;
}

export function partOf<E>(work: Work<E>, key: string, indexes: readonly number[], halved: boolean): WorkPart<E> {
  const { lane } = work;
  const failures = { attempts: 0, unresolved: undefined, resolutions: 0, firstFailedAtMs: undefined };
  const start = { ...failures, seen: halved, commitAsked: false, late: false, doneAs: undefined };
  return { work, lane, key, indexes, size: indexes.length, halved, ...start };
}

/** The events of the part. @param events all events of the batch */
export function eventsOfPart<E>({ work, indexes }: WorkPart<E>, events: readonly Parsed<E>[]): readonly Parsed<E>[] {
  return indexes.length === work.events ? events : indexes.map((index) => events[index] as Parsed<E>);
}

/** The bytes of the events of the part. */
export function rawsOf<E>({ work, indexes }: WorkPart<E>): readonly Uint8Array[] {
  const all = [...eachEvent(work.batch.raw)];
  return indexes.flatMap((index) => all[index] ?? []);
}

/** The index of the event, if the part is an event that is not JSON. */
export function unreadableIndex<E>({ work, indexes }: WorkPart<E>): number | undefined {
  const [first = 0] = indexes;
  return indexes.length === 1 && work.fresh[first] === UNREADABLE ? first : undefined;
}

/** Records the outcome of a part. Returns the outcome of the batch when its last part is done. */
export function settlePart<E>(part: WorkPart<E>, outcome: HandlerOutcome, manual: boolean): DoneAs | undefined {
  const { work, key } = part;
  const doneAs = doneAsOf(part, outcome, manual);
  part.doneAs = doneAs;
  noteOutcome(work, key, doneAs);
  work.left -= 1;
  return work.left > 0 ? undefined : outcomeOf(work);
}

/** The outcome of a batch whose parts are all done. */
export function outcomeOf<E>({ outcomes, commitAsked }: Work<E>): DoneAs {
  if ([...outcomes.values()].includes("hold")) return "hold";
  return commitAsked ? "commit" : "done";
}

function noteOutcome<E>(work: Work<E>, key: string, doneAs: DoneAs): void {
  if (doneAs === "commit") work.commitAsked = true;
  work.outcomes.set(key, doneAs);
}

function doneAsOf<E>({ commitAsked }: WorkPart<E>, outcome: HandlerOutcome, manual: boolean): DoneAs {
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

/** The key of an event that is not JSON is unknown; it is handled alone. */
function keyOf<E>(key: ((event: E) => string) | undefined, event: Parsed<E>): string {
  if (!key || event === UNREADABLE) return "";
  const answer: unknown = key(event);
  if (typeof answer === "string") return answer;
  throw new TypeError("options.key must return a string for each event");
}
