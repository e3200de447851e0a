/**
 * The history: what publishers, consumers and the conductor of a run did, one JSON object a line. Each line is written
 * before any process can see the effect that it reports, by a process that is never killed.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";

/** The result of an event's publish (rule 9 of packages/client/SPEC.md). */
export type VerdictStatus = "submitted" | "rejected" | "aborted" | "unknown";

export interface LaneOffset {
  lane: LaneKey;
  offset: string;
}

export type Entry =
  /** Events are about to be sent. A later attempt of the same call sends the same events. */
  | { kind: "publishing"; call: string; attempt: number; eventType: string; ids: readonly string[] }
  /** What became of an attempt: one word for all events, or one each. `twice`: indexes of those said to be stored more than once, maybe; `givenUp`: of those that were not brought to their end when the publisher was stopped. */
  | {
      kind: "published";
      call: string;
      attempt: number;
      verdicts: VerdictStatus | readonly VerdictStatus[];
      twice?: readonly number[];
      givenUp?: readonly number[];
    }
  /** A stream is about to be asked for. */
  | { kind: "opening"; open: string }
  | { kind: "opened"; open: string; stream: string }
  /** The consumer knows that the stream has ended. */
  | { kind: "stream-ended"; stream: string }
  /** A batch came over the wire; `offset` is that of its last event. */
  | ({ kind: "delivered"; stream: string; ids: readonly string[] } & LaneOffset)
  /** A handler starts with a batch or with a part of one. */
  | { kind: "handling"; work: string; stream: string; lane: LaneKey; ids: readonly string[] }
  | { kind: "handled"; work: string }
  /** The handler threw; its events are not handled. */
  | { kind: "failed"; work: string }
  /** The server has stored dead letters of these events. */
  | { kind: "dead-lettered"; ids: readonly string[] }
  | { kind: "committing"; commit: string; stream: string; cursors: readonly LaneOffset[] }
  /** In the order of the cursors. */
  | { kind: "committed"; commit: string; results: readonly ("committed" | "outdated")[] }
  /** `status` null: there was no answer, or none that can be read. */
  | { kind: "not-committed"; commit: string; status: number | null }
  /** A process was killed: what it had begun needs no end. */
  | { kind: "killed"; process: string }
  /** A process ended by itself. */
  | { kind: "died"; process: string; ending: string }
  /** Something that should have come to an end has not. */
  | { kind: "stuck"; what: string }
  /** A fault struck, with what it hit. */
  | { kind: "fault"; fault: string; streams: number; requests: number }
  /** At the end: what the log of a lane holds, and the newest offset that the broker names for it. */
  | ({ kind: "stored"; ids: readonly string[] } & LaneOffset)
  | ({ kind: "stored-up-to" } & LaneOffset)
  /** At the end: the events whose dead letters are stored. */
  | { kind: "dead-letters"; ids: readonly string[] }
  /** A position that the broker named to a question asked when line `since` was the last one. */
  | ({ kind: "position"; since: number } & LaneOffset)
  | { kind: "end" };

/** Numbered over the whole history by the recorder, and from 1 by each process for itself. */
export type Line = Entry & { seq: number; from: string; n: number };

/** Handlers throw on it, always. */
export function isPoisonous(id: string): boolean {
  return id.endsWith("!");
}

export function poisonous(id: string): string {
  return `${id}!`;
}

/** An event's id that says what decides about its place. */
export function namedWithKey(name: string, key: string): string {
  return `${name}@${key}`;
}

/** Undefined for an event whose order does not matter. */
export function keyOf(id: string): string | undefined {
  return /@([^!]*)!?$/.exec(id)?.[1];
}

/** @throws {SyntaxError} for a line that is not JSON, as a torn one */
export function parseHistory(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
