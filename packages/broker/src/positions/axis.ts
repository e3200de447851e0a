/**
 * One partition over all timelines of its event type as one line of whole numbers, so that distances, windows and
 * read positions need not know of timelines (protocol 1). The position before the first event of a timeline has the
 * ordinal of the last event of the timeline before it.
 * @pure
 */
import { formatOffset, type Position } from "nakadi-protocol";
import type { LogId } from "nakadi-storage";
import type { Timeline } from "../event-types/stored-event-type.ts";

interface Segment {
  order: number;
  log: LogId;
  /** Ordinal of number 0. */
  base: number;
  /** Last number; infinite while the timeline is written to. */
  last: number;
}

export interface Located {
  log: LogId;
  order: number;
  number: number;
  /** Ordinal of the timeline's number 0. */
  base: number;
  /** Last number of this timeline; infinite for the one that is written to. */
  last: number;
}

export class Axis {
  readonly #segments: readonly Segment[];

  constructor(timelines: readonly Timeline[], partition: number) {
    let base = 0;
    this.#segments = timelines.map(({ order, log, lastNumbers }) => {
      // A partition that was added after the timeline was closed has nothing in it.
      const last = lastNumbers ? (lastNumbers[partition] ?? -1) : Number.POSITIVE_INFINITY;
      const segment = { order, log, base, last };
      base += last + 1;
      return segment;
    });
  }

  /** `undefined` if there is no such timeline. Order 0 is before all of them. */
  ordinalOf({ order, number }: Position): number | undefined {
    if (order === 0) return -1;
    const segment = this.#segments.find((one) => one.order === order);
    return segment && segment.base + number;
  }

  /** Whether `position` lies behind the end of a closed timeline, so that no event is ever stored there. */
  isBehindEnd({ order, number }: Position): boolean {
    return this.#segments.some((one) => one.order === order && number > one.last);
  }

  /** Whether `position` lies in one of the timelines; true for `undefined`. */
  knows(position: Position | undefined): boolean {
    return position === undefined || this.ordinalOf(position) !== undefined;
  }

  /** Where the event with this ordinal is, or will be. */
  locate(ordinal: number): Located {
    for (const segment of this.#segments) {
      if (ordinal - segment.base <= segment.last) return located(segment, ordinal);
    }
    throw new RangeError("The last timeline of an event type is never closed.");
  }

  /** The offset text of an event. */
  textOf(ordinal: number): string {
    return formatOffset(this.locate(ordinal));
  }

  /** Ordinal of number 0 of the timeline that is written to. */
  get activeBase(): number {
    return this.#segments.at(-1)?.base ?? 0;
  }

  /** The timelines as segments, in order. */
  get segments(): readonly Readonly<Segment>[] {
    return this.#segments;
  }
}

function located({ log, order, base, last }: Segment, ordinal: number): Located {
  return { log, order, base, last, number: ordinal - base };
}
