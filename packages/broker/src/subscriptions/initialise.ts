/**
 * Fixing where a subscription begins: at its first stream, or at a PATCH of its cursors, not before (protocol 3.2, A.2).
 */
import { formatOffset, type Position, type Subscription } from "nakadi-protocol";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { cursorPosition } from "../log/cursor-position.ts";
import { activeEnd, beforeOldest, type TimelineBounds } from "../log/partition-bounds.ts";
import { timelineBounds } from "../log/timeline-bounds.ts";
import type { LogPort, CoordinationPort, PartitionKey, Progress, StoredPosition } from "../storage/ports.ts";

/** Before every event: the raw `BEGIN` of an initial cursor, which any commit moves on from. */
const BEGIN: Omit<StoredPosition, "text"> = { order: 0, number: -1 };

/** Does nothing where positions are fixed already; safe to repeat after a crash and to race. */
export async function initialise(
  { log, coordination }: { log: LogPort; coordination: CoordinationPort },
  subscription: Subscription,
  eventTypes: readonly StoredEventType[],
): Promise<void> {
  if (await coordination.group(subscription.id)) return;
  const initial = new Map<PartitionKey, Progress>();
  for (const stored of eventTypes) {
    const all = await timelineBounds(log, stored);
    for (let partition = 0; partition < stored.partitions; partition += 1) {
      const at = initialPosition(subscription, stored, all, partition);
      initial.set(`${stored.eventType.name}:${partition}`, { at, failedCommits: 0, lastDeadLetter: null });
    }
  }
  const topology = [...initial.keys()].map((partition) => ({ partition, session: null, next: null }));
  await coordination.change(subscription.id, 0, { sessions: [], topology, resetUntilMs: null }, initial);
}

function initialPosition(
  { read_from, initial_cursors }: Subscription,
  stored: StoredEventType,
  all: readonly TimelineBounds[],
  partition: number,
): StoredPosition {
  if (read_from === "begin") return normalised(beforeOldest(all, partition));
  if (read_from === "end") return normalised(activeEnd(all, partition));
  const cursor = initial_cursors?.find(
    (one) => one.event_type === stored.eventType.name && one.partition === String(partition),
  );
  // A partition that was added after the subscription was created has no initial cursor.
  if (!cursor) return normalised({ order: all.at(-1)?.timeline.order ?? 1, number: -1 });
  const at = cursor.offset.toUpperCase() === "BEGIN" ? BEGIN : cursorPosition(stored, all, cursor);
  return { ...at, text: cursor.offset };
}

export function normalised(position: Position): StoredPosition {
  return { ...position, text: formatOffset(position) };
}
