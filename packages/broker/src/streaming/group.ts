/**
 * Joining, leaving and handing over: each a compare-and-set on the subscription's group, repeated until it fits
 * (protocol 3.6, A.3).
 */
import type { CoordinationPort, Group, PartitionKey, Session } from "../storage/ports.ts";
import { ProblemError } from "../problems.ts";
import { balance, release } from "./balancer.ts";

/** Streams of one subscription that start at the same instant make each other repeat; this many never do. */
const MAX_ATTEMPTS = 1_000;

type Next = Omit<Group, "version">;

/** The group after `next`, or `undefined` where there is no group or nothing to change. */
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
 * Registers a session and spreads the partitions anew.
 * @throws {ProblemError} 409 if there is no slot, a wanted partition is taken, or cursors are being reset
 */
export async function join(
  coordination: CoordinationPort,
  subscription: string,
  session: Session,
  wallMs: () => number,
): Promise<Next | undefined> {
  return change(coordination, subscription, (group, alive) => {
    demandSlot(subscription, session, group, alive);
    if (group.resetUntilMs !== null && group.resetUntilMs > wallMs()) {
      throw new ProblemError(409, "Resetting subscription cursors request is still in progress");
    }
    return { ...balance([...alive, session], group.topology), resetUntilMs: group.resetUntilMs };
  });
}

/** Removes a session; what it had goes to the others. */
export async function leave(coordination: CoordinationPort, subscription: string, session: string): Promise<void> {
  await change(coordination, subscription, (group, alive) => {
    if (!group.sessions.some(({ id }) => id === session)) return undefined;
    const others = alive.filter(({ id }) => id !== session);
    return { ...balance(others, group.topology), resetUntilMs: group.resetUntilMs };
  });
}

/** Gives a partition to the session that waits for it. */
export async function handOver(
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

/** Drops sessions whose node is gone. */
export async function dropDead(coordination: CoordinationPort, subscription: string): Promise<void> {
  await change(coordination, subscription, (group, alive) =>
    alive.length === group.sessions.length
      ? undefined
      : { ...balance(alive, group.topology), resetUntilMs: group.resetUntilMs },
  );
}

function demandSlot(
  subscription: string,
  { requested }: Session,
  { topology }: Group,
  alive: readonly Session[],
): void {
  const taken = new Set(alive.flatMap((session) => session.requested));
  if (requested.length > 0) {
    const conflicts = requested.filter((key) => taken.has(key));
    if (conflicts.length === 0) return;
    const names = conflicts.map(describePartition).join(",");
    throw new ProblemError(
      409,
      `The following partitions are already requested by other stream(s) of this subscription: ${names}`,
    );
  }
  const automatic = alive.filter((session) => session.requested.length === 0).length;
  if (automatic < topology.length - taken.size) return;
  throw new ProblemError(
    409,
    `No free slots for streaming available for subscription ${subscription}. Total slots: ${topology.length}`,
  );
}

/** How the server's texts name a partition. */
function describePartition(key: PartitionKey): string {
  const { eventType, partition } = splitKey(key);
  return `EventTypePartition{eventType='${eventType}', partition='${partition}'}`;
}

/** Event types have no colon in their names. */
export function splitKey(key: PartitionKey): { eventType: string; partition: number } {
  const colon = key.lastIndexOf(":");
  return { eventType: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
}
