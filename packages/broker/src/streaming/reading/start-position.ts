/**
 * Where a stream begins to read a partition (protocol 3.2): behind what is committed, or with the oldest event.
 * @pure
 */
import { formatOffset } from "nakadi-protocol";
import type { StoredPosition } from "nakadi-storage";
import { Axis } from "../../positions/axis.ts";
import { demandReadable } from "../../positions/cursor-position.ts";
import { beforeOldest, type LogView } from "../../positions/partition-bounds.ts";
import type { Mark } from "../session/partition-window.ts";

export interface StartPosition {
  at: Mark;
  /** Events behind the committed position that have expired. */
  expired: number;
}

/** @throws {CursorError} if the committed position lies behind the end */
export function startPosition(
  { stored, bounds }: LogView,
  partition: number,
  committed: StoredPosition,
): StartPosition {
  const axis = new Axis(stored.timelines, partition);
  const before = beforeOldest(bounds, partition);
  const oldest = { ordinal: axis.ordinalOf(before) ?? -1, text: formatOffset(before) };
  if (committed.order === 0) return { at: oldest, expired: 0 };
  const ordinal = axis.ordinalOf(committed);
  // Behind the end of a timeline it is not in the next one, wherever it would lie there.
  const passed = axis.isBehindEnd(committed) ? committed.order < before.order : (ordinal ?? -1) < oldest.ordinal;
  if (passed && ordinal !== undefined) return { at: oldest, expired: Math.max(0, oldest.ordinal - ordinal) };
  const oldestNumber =
    bounds.find(({ timeline }) => timeline.order === committed.order)?.bounds[partition]?.oldest ?? 0;
  const number = Math.max(committed.number, oldestNumber - 1);
  demandReadable(stored.eventType.name, bounds, partition, { order: committed.order, number });
  return { at: { ordinal: ordinal ?? -1, text: formatOffset(committed) }, expired: 0 };
}
