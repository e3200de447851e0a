/**
 * Fixes the first positions of a subscription, at its first stream or at a PATCH of its cursors (protocol 3.2, A.2).
 */
import { formatOffset, type Position, type Subscription } from "nakadi-protocol";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { cursorPosition } from "../positions/cursor-position.ts";
import { activeEnd, beforeOldest, type TimelineBounds } from "../positions/partition-bounds.ts";
import { timelineBounds } from "../positions/timeline-bounds.ts";
import type { CoordinationPort, Group, LogPort, Owned, PartitionKey, Progress, StoredPosition } from "nakadi-storage";
import { balance } from "../group/balancer.ts";

/** The position of an initial cursor `BEGIN`: before each event, so that any commit moves it forward. */
const BEGIN: Omit<StoredPosition, "text"> = { order: 0, number: -1 };

export interface InitialiseParts {
  log: LogPort;
  coordination: CoordinationPort;
}

/**
 * Does nothing if the positions are fixed, except for partitions that an interrupted repartitioning left out, which are
 * added. May be repeated after a crash, and run concurrently.
 */
export async function initialise(
  parts: InitialiseParts,
  subscription: Subscription,
  eventTypes: readonly StoredEventType[],
): Promise<void> {
  const { log, coordination } = parts;
  for (;;) {
    const current = await coordination.group(subscription.id);
    if (current) {
      if ((await addPartitions(parts, subscription.id, current, eventTypes)) === "changed") return;
      continue;
    }
    const initial = await positions(log, eventTypes, (stored, all, partition) =>
      initialPosition(subscription, stored, all, partition),
    );
    const next = { sessions: [], topology: unassigned(initial), resetUntilMs: null };
    if ((await coordination.change(subscription.id, 0, next, initial)) === "changed") return;
  }
}

/** Whether the topology has each partition of `eventTypes`. */
export function knowsAll({ topology }: Group, eventTypes: readonly StoredEventType[]): boolean {
  const known = new Set(topology.map(({ partition }) => partition));
  return eventTypes.every(({ eventType, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => known.has(`${eventType.name}:${partition}`)).every(Boolean),
  );
}

/**
 * Adds the partitions that the group lacks and assigns them to its live sessions. They are read from their beginning,
 * whatever `read_from` says.
 */
export async function addPartitions(
  { log, coordination }: InitialiseParts,
  id: string,
  { group, alive }: { group: Group; alive: ReadonlySet<string> },
  eventTypes: readonly StoredEventType[],
): Promise<"changed" | "conflict"> {
  if (knowsAll(group, eventTypes)) return "changed";
  const { version, topology, resetUntilMs } = group;
  const known = new Set(topology.map(({ partition }) => partition));
  const all = await positions(log, eventTypes, (_stored, bounds, partition) =>
    normalised(beforeOldest(bounds, partition)),
  );
  const added = new Map([...all].filter(([partition]) => !known.has(partition)));
  const sessions = group.sessions.filter((session) => alive.has(session.id));
  const next = { ...balance(sessions, [...topology, ...unassigned(added)]), resetUntilMs };
  return coordination.change(id, version, next, added);
}

async function positions(
  log: LogPort,
  eventTypes: readonly StoredEventType[],
  of: (stored: StoredEventType, all: readonly TimelineBounds[], partition: number) => StoredPosition,
): Promise<Map<PartitionKey, Progress>> {
  const found = new Map<PartitionKey, Progress>();
  for (const stored of eventTypes) {
    const all = await timelineBounds(log, stored);
    for (let partition = 0; partition < stored.partitions; partition += 1) {
      const at = of(stored, all, partition);
      found.set(`${stored.eventType.name}:${partition}`, { at, failedCommits: 0, lastDeadLetter: null });
    }
  }
  return found;
}

function unassigned(progress: ReadonlyMap<PartitionKey, Progress>): Owned[] {
  return [...progress.keys()].map((partition) => ({ partition, session: null, next: null }));
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
