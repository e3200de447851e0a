/**
 * From the text of a cursor to a position, and whether it can be read from (protocol 1). The texts are the server's.
 * @pure
 */
import { formatNumber, parseOffset, type PartitionCursor, type Position } from "nakadi-protocol";
import type { StoredEventType, Timeline } from "../event-types/stored-event-type.ts";
import { beforeOldest, type TimelineBounds } from "./partition-bounds.ts";

/** A cursor that says nothing, or nothing readable; answered 412 on streams and 422 elsewhere. */
export class CursorError extends Error {
  override readonly name = "CursorError";
}

/**
 * Reads an offset text in each form that is allowed; whether the position can be read from is not asked.
 * @throws {CursorError}
 */
export function cursorPosition(
  { eventType, timelines, partitions }: StoredEventType,
  all: readonly TimelineBounds[],
  { partition, offset }: PartitionCursor,
): Position {
  const parsed = parseOffset(offset);
  switch (parsed.kind) {
    case "begin": {
      const number = partitionNumber(partition, partitions);
      if (number === undefined) throw new CursorError("non existing partition null");
      return beforeOldest(all, number);
    }
    case "legacy":
      return { order: timelines[0]?.order ?? 1, number: parsed.number };
    case "timeline": {
      const timeline = timelines.find(({ order }) => order === parsed.position.order);
      if (!timeline) throw new CursorError(unavailable("null", "null", eventType.name));
      return forward(timelines, Number(partition), parsed.position);
    }
    case "invalid":
      throw new CursorError(
        parsed.reason === "layout"
          ? "invalid offset null for partition null"
          : `invalid offset ${offset} for partition ${partition}`,
      );
  }
}

/** The last position of a closed timeline is the beginning of the next one. */
function forward(timelines: readonly Timeline[], partition: number, position: Position): Position {
  const index = timelines.findIndex(({ order }) => order === position.order);
  const next = timelines[index + 1];
  return next && timelines[index]?.lastNumbers?.[partition] === position.number
    ? { order: next.order, number: -1 }
    : position;
}

/**
 * A position from which reading can begin: oldest − 1 up to the newest event of its timeline.
 * @throws {CursorError}
 */
export function readablePosition(
  stored: StoredEventType,
  all: readonly TimelineBounds[],
  cursor: PartitionCursor,
): Position {
  const position = cursorPosition(stored, all, cursor);
  const partition = partitionNumber(cursor.partition, stored.partitions);
  if (partition === undefined) throw new CursorError(`non existing partition ${cursor.partition}`);
  demandReadable(stored.eventType.name, all, partition, position);
  return position;
}

/** @throws {CursorError} if the position lies before what is left, or behind the end */
export function demandReadable(
  eventType: string,
  all: readonly TimelineBounds[],
  partition: number,
  { order, number }: Position,
): void {
  const bounds = all.find(({ timeline }) => timeline.order === order)?.bounds[partition];
  if (bounds && number >= bounds.oldest - 1 && number < bounds.next) return;
  throw new CursorError(unavailable(formatNumber(number), String(partition), eventType));
}

/** Partitions are numbered from 0 and named by their number. */
export function partitionNumber(name: string, partitions: number): number | undefined {
  const number = Number(name);
  return /^(?:0|[1-9][0-9]*)$/.test(name) && number < partitions ? number : undefined;
}

function unavailable(offset: string, partition: string, eventType: string): string {
  return (
    `offset ${offset} for partition ${partition} event type ${eventType} is unavailable as retention time of data elapsed. ` +
    "PATCH partition offset with valid and available offset"
  );
}
