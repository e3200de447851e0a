/**
 * Distances, shifts and lags of cursors, across timelines (protocol 5.8).
 * @pure
 */
import { formatOffset, type PartitionCursor, type Position } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";
import { Axis } from "./axis.ts";
import { CursorError, cursorPosition, partitionNumber } from "./cursor-position.ts";
import { describePartition, type LogView, newest } from "./partition-bounds.ts";

/** Offsets from the one to the other; negative if the final cursor is earlier. @throws {ProblemError} 422 */
export function cursorDistance(view: LogView, initial: PartitionCursor, final: PartitionCursor): number {
  if (initial.partition !== final.partition) {
    throw new ProblemError(422, "Cursors with different partition. Pairs of cursors should have matching partitions.");
  }
  const axis = new Axis(view.stored.timelines, Number(final.partition));
  return ordinalOf(axis, converted(view, final)) - ordinalOf(axis, converted(view, initial));
}

/** Forward beyond the end is allowed; backward no further than before the first event. @throws {ProblemError} 422 */
export function shiftedCursor(view: LogView, cursor: PartitionCursor, shift: number): PartitionCursor {
  const axis = new Axis(view.stored.timelines, Number(cursor.partition));
  const from = converted(view, cursor);
  const ordinal = ordinalOf(axis, from) + shift;
  const at = axis.segments.findIndex(({ order }) => order === from.order);
  const reached =
    shift < 0
      ? axis.segments.slice(0, at + 1).findLast(({ base }) => ordinal >= base - 1)
      : axis.segments.slice(at).find(({ base, last }) => ordinal - base <= last);
  if (!reached) throw timelineNotFound();
  const offset = formatOffset({ order: reached.order, number: ordinal - reached.base });
  return { partition: cursor.partition, offset };
}

export interface CursorLag {
  partition: string;
  oldest_available_offset: string;
  newest_available_offset: string;
  unconsumed_events: number;
}

/** How far a cursor is behind the newest event. @throws {ProblemError} 422 */
export function cursorLag(view: LogView, cursor: PartitionCursor): CursorLag {
  const position = converted(view, cursor);
  const partition = partitionNumber(cursor.partition, view.stored.partitions);
  if (partition === undefined) throw new ProblemError(422, "Partition not found.");
  const axis = new Axis(view.stored.timelines, partition);
  const unconsumed_events = ordinalOf(axis, newest(view.bounds, partition)) - ordinalOf(axis, position);
  const described = describePartition(view.bounds, partition);
  return {
    partition: cursor.partition,
    oldest_available_offset: described.oldest_available_offset,
    newest_available_offset: described.newest_available_offset,
    unconsumed_events,
  };
}

function converted({ stored, bounds }: LogView, cursor: PartitionCursor): Position {
  try {
    return cursorPosition(stored, bounds, cursor);
  } catch (error) {
    throw error instanceof CursorError ? new ProblemError(422, "problem converting cursors") : error;
  }
}

function ordinalOf(axis: Axis, position: Position): number {
  const ordinal = axis.ordinalOf(position);
  if (ordinal === undefined) throw timelineNotFound();
  return ordinal;
}

function timelineNotFound(): ProblemError {
  return new ProblemError(
    422,
    "Timeline not found. It might happen in case the cursor refers to a timeline that has already expired.",
  );
}
