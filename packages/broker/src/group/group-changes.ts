/** The changes of a subscription's group, each a compare-and-set that is repeated after a conflict (protocol 3.6, A.3). */
import type { CoordinationPort, Group, PartitionKey, Session } from "nakadi-storage";
import { partitionText, splitPartitionKey } from "../positions/partition-key.ts";
import { ProblemError } from "../problems.ts";
import { balance, release } from "./balancer.ts";

/** Streams of one subscription that start together make each other repeat; more attempts than sessions are never needed. */
const MAX_ATTEMPTS = 1_000;

type Next = Omit<Group, "version">;

/** The group after `next`, or `undefined` where there is no group or no change. */
async function change(
  coordination: CoordinationPort,
  subscription: string,
  next: (group: Group, alive: readonly Session[]) => Next | undefined,
): Promise<Next | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const current = await coordination.group(subscription);
    if (!current) return undefined;
    const { group, alive } = current;
    const wanted = next(
      group,
      group.sessions.filter(({ id }) => alive.has(id)),
    );
    if (!wanted) return undefined;
    if ((await coordination.change(subscription, group.version, wanted)) === "changed") return wanted;
  }
  throw new ProblemError(503, "Failed to continue streaming");
}

/**
 * Adds a session and rebalances. Without a free slot, sessions whose client is gone are removed.
 * @param isMarked whether the group's mark of a reset is valid
 * @throws {ProblemError} 409 if there is no slot, a wanted partition is taken, or cursors are being reset
 */
export async function joinGroup(
  coordination: CoordinationPort,
  subscription: string,
  session: Session,
  isMarked: (resetUntilMs: number | null) => boolean,
): Promise<Next | undefined> {
  return change(coordination, subscription, (group, alive) => {
    const staying = alive.filter(({ lingering }) => !lingering);
    const present = hasSlot(session, group, alive) ? alive : staying;
    if (present === staying) demandSlot(subscription, session, group, staying);
    if (isMarked(group.resetUntilMs)) {
      throw new ProblemError(409, "Resetting subscription cursors request is still in progress");
    }
    return { ...balance([...present, session], group.topology), resetUntilMs: group.resetUntilMs };
  });
}

/** Marks a session whose client is gone. */
export async function markLingering(
  coordination: CoordinationPort,
  subscription: string,
  session: string,
): Promise<void> {
  await change(coordination, subscription, ({ sessions, topology, resetUntilMs }) => {
    if (!sessions.some(({ id }) => id === session)) return undefined;
    const marked = sessions.map((one) => (one.id === session ? { ...one, lingering: true as const } : one));
    return { sessions: marked, topology, resetUntilMs };
  });
}

/** Removes a session; its partitions go to the others. */
export async function leaveGroup(coordination: CoordinationPort, subscription: string, session: string): Promise<void> {
  await change(coordination, subscription, (group, alive) => {
    if (!group.sessions.some(({ id }) => id === session)) return undefined;
    const others = alive.filter(({ id }) => id !== session);
    return { ...balance(others, group.topology), resetUntilMs: group.resetUntilMs };
  });
}

/** Gives a partition to the session that waits for it. */
export async function handOverPartition(
  coordination: CoordinationPort,
  subscription: string,
  session: string,
  partition: PartitionKey,
): Promise<void> {
  await change(coordination, subscription, ({ sessions, topology, resetUntilMs }) => {
    const released = release(topology, session, partition);
    const changed = released.some((owned, index) => owned !== topology[index]);
    return changed ? { sessions, topology: released, resetUntilMs } : undefined;
  });
}

/** Removes the partitions of a deleted event type. */
export async function dropEventType(
  coordination: CoordinationPort,
  subscription: string,
  eventType: string,
): Promise<void> {
  await change(coordination, subscription, ({ topology, resetUntilMs }, alive) => {
    const left = topology.filter(({ partition }) => splitPartitionKey(partition).eventType !== eventType);
    return left.length === topology.length ? undefined : { ...balance(alive, left), resetUntilMs };
  });
}

/** Removes sessions whose node has lost its lease. */
export async function dropDeadSessions(coordination: CoordinationPort, subscription: string): Promise<void> {
  await change(coordination, subscription, (group, alive) =>
    alive.length === group.sessions.length
      ? undefined
      : { ...balance(alive, group.topology), resetUntilMs: group.resetUntilMs },
  );
}

function hasSlot({ requested }: Session, { topology }: Group, alive: readonly Session[]): boolean {
  const taken = new Set(alive.flatMap((session) => session.requested));
  if (requested.length > 0) return !requested.some((key) => taken.has(key));
  return alive.filter((session) => session.requested.length === 0).length < topology.length - taken.size;
}

/** @throws {ProblemError} 409 */
function demandSlot(subscription: string, session: Session, group: Group, alive: readonly Session[]): void {
  if (hasSlot(session, group, alive)) return;
  const taken = new Set(alive.flatMap(({ requested }) => requested));
  const conflicts = session.requested
    .filter((key) => taken.has(key))
    .map(splitPartitionKey)
    .map(({ eventType, partition }) => partitionText(eventType, partition));
  throw new ProblemError(
    409,
    conflicts.length > 0
      ? `The following partitions are already requested by other stream(s) of this subscription: ${conflicts.join(",")}`
      : `No free slots for streaming available for subscription ${subscription}. Total slots: ${group.topology.length}`,
  );
}
