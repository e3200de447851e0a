/**
 * Tries of batches that failed in an earlier session: a batch that comes again as it was goes on counting where it was, so
 * that one which takes longer to fail than a session lives is given up on all the same.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { WorkPart } from "./work.ts";

export class Scars {
  /** The last failure of each lane. */
  readonly #lanes = new Map<LaneKey, { place: string; attempts: number }>();

  note<E>(part: WorkPart<E>): void {
    this.#lanes.set(part.lane, { place: placeOf(part), attempts: part.attempts });
  }

  /** A batch of the lane is done. */
  heal(lane: LaneKey): void {
    this.#lanes.delete(lane);
  }

  remember<E>(lane: LaneKey, parts: readonly WorkPart<E>[]): void {
    const scar = this.#lanes.get(lane);
    if (!scar) return;
    const again = parts.find((part) => placeOf(part) === scar.place);
    if (again) again.attempts = scar.attempts;
  }
}

function placeOf<E>({ work, indexes, key }: WorkPart<E>): string {
  return JSON.stringify([work.batch.cursor.offset, key, indexes[0], indexes.length]);
}
