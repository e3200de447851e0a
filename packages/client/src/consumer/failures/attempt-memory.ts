/**
 * Tries of batches whose session is gone: a batch that comes again goes on where it was, so that one whose handler takes
 * longer than a session lives is given up on all the same. What is known of a lane is forgotten with its next commit.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { Work, WorkPart } from "../handling/work.ts";

type Try = Pick<
  WorkPart<unknown>,
  "key" | "indexes" | "halved" | "attempts" | "buried" | "unresolved" | "firstFailedAtMs" | "doneAs"
>;

interface PastBatch {
  untilMs: number;
  events: number;
  /** Of its first event, where that has one. */
  eid: string | undefined;
  tries: readonly Try[];
}

/** What has not come again by then is somewhere else, or comes because cursors were reset: then it is to be handled again. */
const KEPT_MS = 15 * 60_000;

export class PastTries {
  /** By lane and offset. */
  readonly #lanes = new Map<LaneKey, Map<string, PastBatch>>();

  /**
   * A batch that was begun comes again.
   * @param keepDone whether the parts of it that are done are not handled again; what was held back always is
   */
  note<E>({ lane, batch, events, fresh, parts }: Work<E>, keepDone: boolean, nowMs: number): void {
    const tries = parts.map((part): Try => ({ ...tryOf(part), doneAs: keepDone ? doneForGood(part) : undefined }));
    if (tries.every(({ attempts, doneAs }) => attempts === 0 && doneAs === undefined)) return;
    const batches = this.#lanes.get(lane) ?? new Map<string, PastBatch>();
    const past = { untilMs: nowMs + KEPT_MS, events, eid: eidOf(fresh[0]), tries };
    this.#lanes.set(lane, batches.set(batch.cursor.offset, past));
  }

  /** Positions of the lanes moved. */
  forget(lanes: Iterable<LaneKey>): void {
    for (const lane of lanes) this.#lanes.delete(lane);
  }

  /** The parts of a batch with what is known of them; those that are done among them. */
  recall<E>(work: Work<E>, parts: readonly WorkPart<E>[], nowMs: number): WorkPart<E>[] {
    const batches = this.#lanes.get(work.lane);
    for (const [offset, { untilMs }] of batches ?? []) if (untilMs <= nowMs) batches?.delete(offset);
    const same = batches?.get(work.batch.cursor.offset);
    if (same?.events === work.events) {
      return same.tries.map((one): WorkPart<E> => ({ ...partLike(parts, work), ...one, size: one.indexes.length }));
    }
    const eid = eidOf(work.fresh[0]);
    const sameBegin =
      eid === undefined ? undefined : [...(batches?.values() ?? [])].findLast((past) => past.eid === eid);
    return sameBegin ? parts.map((part) => ({ ...part, ...failuresOf(part, sameBegin) })) : [...parts];
  }
}

/** The events are cut into batches otherwise than before, from the same event on: what failed there goes on counting. */
function failuresOf<E>({ key, indexes }: WorkPart<E>, { tries }: PastBatch): Partial<Try> {
  const failed = tries.find((one) => one.key === key && one.indexes[0] === indexes[0] && one.doneAs === undefined);
  if (!failed) return {};
  const { attempts, buried, unresolved, firstFailedAtMs } = failed;
  return { attempts, buried, unresolved, firstFailedAtMs };
}

function partLike<E>([first]: readonly WorkPart<E>[], work: Work<E>): WorkPart<E> {
  if (!first) throw new Error(`a batch of ${work.events} events has no parts`);
  return first;
}

function tryOf<E>({ key, indexes, halved, attempts, buried, unresolved, firstFailedAtMs, doneAs }: WorkPart<E>): Try {
  return { key, indexes, halved, attempts, buried, unresolved, firstFailedAtMs, doneAs };
}

function doneForGood<E>({ doneAs }: WorkPart<E>): Try["doneAs"] {
  return doneAs === "hold" ? undefined : doneAs;
}

function eidOf(event: unknown): string | undefined {
  const eid = (event as { metadata?: { eid?: unknown } | null } | null)?.metadata?.eid;
  return typeof eid === "string" ? eid : undefined;
}
