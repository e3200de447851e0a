/**
 * What is readable in the partitions of an event type (protocol 5.7.1).
 * @pure
 */
import { formatOffset, type Partition, type Position } from "nakadi-protocol";
import type { Bounds } from "nakadi-storage";
import type { StoredEventType, Timeline } from "../event-types/stored-event-type.ts";

export interface TimelineBounds {
  timeline: Timeline;
  /** By partition; partitions that were added later are empty. */
  bounds: readonly Bounds[];
}

/** An event type and what is readable of it. */
export interface LogView {
  stored: StoredEventType;
  /** By order. */
  bounds: readonly TimelineBounds[];
}

/** The position before the first event that is still there. */
export function beforeOldest(all: readonly TimelineBounds[], partition: number): Position {
  const live = all.find(({ timeline, bounds }) => isLive(timeline, bounds[partition], partition)) ?? all.at(-1);
  return { order: live?.timeline.order ?? 1, number: (live?.bounds[partition]?.oldest ?? 0) - 1 };
}

/** The last event of the last timeline that has any; else before the first event of the first one. */
export function newest(all: readonly TimelineBounds[], partition: number): Position {
  const filled = all.findLast(({ bounds }) => (bounds[partition]?.next ?? 0) > 0) ?? all[0];
  return { order: filled?.timeline.order ?? 1, number: (filled?.bounds[partition]?.next ?? 0) - 1 };
}

/** The end of the timeline that is written to, even if it is empty. */
export function activeEnd(all: readonly TimelineBounds[], partition: number): Position {
  const active = all.at(-1);
  return { order: active?.timeline.order ?? 1, number: (active?.bounds[partition]?.next ?? 0) - 1 };
}

/** As GET shows it: the oldest offset is that of the first readable event, or of the next one to be written. */
export function describePartition(all: readonly TimelineBounds[], partition: number): Partition {
  const before = beforeOldest(all, partition);
  return {
    oldest_available_offset: formatOffset({ order: before.order, number: before.number + 1 }),
    newest_available_offset: formatOffset(newest(all, partition)),
    partition: String(partition),
  };
}

/**
 * A closed timeline whose events are all gone is passed over; one that never had any is not, unless the partition was
 * added after it was closed.
 */
function isLive({ lastNumbers }: Timeline, bounds: Bounds | undefined, partition: number): boolean {
  if (lastNumbers === null) return true;
  if (bounds === undefined || lastNumbers[partition] === undefined) return false;
  return bounds.next === 0 || bounds.oldest < bounds.next;
}
