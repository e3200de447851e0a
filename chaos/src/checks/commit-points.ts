/**
 * What the history knows of a lane's committed position at each moment: the least it must be, and the places where it may be.
 * @pure
 */
import type { LaneKey } from "nakadi-protocol";
import type { LaneOffset, Line } from "../history/line.ts";
import { entryOf, numberOf } from "../history/places.ts";

/** Commits that were refused for good moved nothing. */
const REFUSALS = [400, 401, 403, 404, 405, 415, 422];

export class CommitPoints {
  /** Positions that some commit, tried so far, may have made; with how many commits could have. */
  readonly #possible = new Map<LaneKey, Map<number, number>>();
  /** By line: acknowledged positions, each higher than all before. */
  readonly #acknowledged = new Map<LaneKey, { seq: number; number: number }[]>();
  readonly #open = new Map<string, readonly LaneOffset[]>();

  /** Takes in the next line. */
  take(line: Line): void {
    switch (line.kind) {
      case "committing":
        this.#open.set(line.commit, line.cursors);
        for (const cursor of line.cursors) this.#count(cursor, 1);
        break;
      case "committed":
        for (const { lane, offset } of this.#open.get(line.commit) ?? [])
          this.#acknowledge(lane, numberOf(offset), line.seq);
        this.#open.delete(line.commit);
        break;
      case "not-committed":
        if (line.status !== null && REFUSALS.includes(line.status)) {
          for (const cursor of this.#open.get(line.commit) ?? []) this.#count(cursor, -1);
        }
        this.#open.delete(line.commit);
        break;
      default:
    }
  }

  /** Whether the lane's position may be `number` now. */
  mayBe(lane: LaneKey, number: number): boolean {
    return number === -1 || (this.#possible.get(lane)?.get(number) ?? 0) > 0;
  }

  /** The highest position that was acknowledged in line `seq` or before; -1 where none was. */
  acknowledgedBy(lane: LaneKey, seq: number): number {
    return this.#acknowledged.get(lane)?.findLast((one) => one.seq <= seq)?.number ?? -1;
  }

  #count({ lane, offset }: LaneOffset, by: number): void {
    const possible = entryOf(this.#possible, lane, () => new Map<number, number>());
    const number = numberOf(offset);
    possible.set(number, (possible.get(number) ?? 0) + by);
  }

  /** An outdated commit says as well that the position is there or beyond. */
  #acknowledge(lane: LaneKey, number: number, seq: number): void {
    const acknowledged = entryOf(this.#acknowledged, lane, () => []);
    if (number > (acknowledged.at(-1)?.number ?? -1)) acknowledged.push({ seq, number });
  }
}
