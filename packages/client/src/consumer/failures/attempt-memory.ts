/**
 * Attempts on batches whose session is gone. A redelivered batch continues with its counts, so a handler that takes longer than
 * a session lasts still reaches its last attempt. The next commit of a lane clears the lane's entries.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { Work, WorkPart } from "../handling/work.ts";

type Attempts = Pick<
  WorkPart<unknown>,
  "key" | "indexes" | "halved" | "attempts" | "resolutions" | "unresolved" | "firstFailedAtMs" | "doneAs"
>;

interface RememberedBatch {
  untilMs: number;
  events: number;
  /** Of its first event, where that has one. */
  eid: string | undefined;
  tries: readonly Attempts[];
}

/** A batch that is redelivered later than this was read by another consumer, or cursors were reset: its counts start over. */
const KEPT_MS = 15 * 60_000;

export class AttemptMemory {
  /** By lane and offset. */
  readonly #lanes = new Map<LaneKey, Map<string, RememberedBatch>>();

  /**
   * Keeps the attempts on a begun batch that will be redelivered.
   * @param keepDone whether parts that are done are not handled again; parts with the outcome `hold` always are
   */
  remember<E>({ lane, batch, events, fresh, parts }: Work<E>, keepDone: boolean, nowMs: number): void {
    const tries = parts.map((part): Attempts => ({ ...tryOf(part), doneAs: keepDone ? doneForGood(part) : undefined }));
    if (tries.every(({ attempts, doneAs }) => attempts === 0 && doneAs === undefined)) return;
    const batches = this.#lanes.get(lane) ?? new Map<string, RememberedBatch>();
    const past = { untilMs: nowMs + KEPT_MS, events, eid: eidOf(fresh[0]), tries };
    this.#lanes.set(lane, batches.set(batch.cursor.offset, past));
  }

  /** The committed positions of the lanes have advanced. */
  forgetLanes(lanes: Iterable<LaneKey>): void {
    for (const lane of lanes) this.#lanes.delete(lane);
  }

  /** The parts of a batch, done parts included, with the attempts of their earlier deliveries. */
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

/** The server has cut its batches differently, and this one starts at the same event: the counts of that event continue. */
function failuresOf<E>({ key, indexes }: WorkPart<E>, { tries }: RememberedBatch): Partial<Attempts> {
  const failed = tries.find((one) => one.key === key && one.indexes[0] === indexes[0] && one.doneAs === undefined);
  if (!failed) return {};
  const { attempts, resolutions, unresolved, firstFailedAtMs } = failed;
  return { attempts, resolutions, unresolved, firstFailedAtMs };
}

function partLike<E>([first]: readonly WorkPart<E>[], work: Work<E>): WorkPart<E> {
  if (!first) throw new Error(`a batch of ${work.events} events has no parts`);
  return first;
}

function tryOf<E>({
  key,
  indexes,
  halved,
  attempts,
  resolutions,
  unresolved,
  firstFailedAtMs,
  doneAs,
}: WorkPart<E>): Attempts {
  return { key, indexes, halved, attempts, resolutions, unresolved, firstFailedAtMs, doneAs };
}

function doneForGood<E>({ doneAs }: WorkPart<E>): Attempts["doneAs"] {
  return doneAs === "hold" ? undefined : doneAs;
}

function eidOf(event: unknown): string | undefined {
  const eid = (event as { metadata?: { eid?: unknown } | null } | null)?.metadata?.eid;
  return typeof eid === "string" ? eid : undefined;
}
