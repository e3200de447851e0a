/**
 * The assignment of partitions to sessions, from the sessions and the assignment before (protocol 3.6.2, A.3).
 * @pure
 */
import type { Owned, PartitionKey, Session } from "nakadi-storage";

export interface Balanced {
  sessions: readonly Session[];
  topology: readonly Owned[];
}

/**
 * Spreads the partitions over `sessions`, which are alive, and moves as few as possible. A partition of any other session
 * is free. With more automatic sessions than partitions left for them no partition moves.
 */
export function balance(sessions: readonly Session[], topology: readonly Owned[]): Balanced {
  const alive = new Set(sessions.map(({ id }) => id));
  const direct = new Map<PartitionKey, string>();
  for (const { id, requested } of sessions) for (const key of requested) direct.set(key, id);
  const automatic = sessions.filter(({ requested }) => requested.length === 0).sort((a, b) => (a.id < b.id ? -1 : 1));
  const before = topology.map((owned) => withoutDead(owned, alive));
  const pool = before.filter(({ partition }) => !direct.has(partition));
  if (pool.length > 0 && automatic.length > pool.length) return { sessions, topology: before };

  const targets = new Map<PartitionKey, string>(direct);
  for (const [key, session] of spread(pool, automatic)) targets.set(key, session);
  return { sessions, topology: before.map((owned) => move(owned, targets.get(owned.partition))) };
}

/** A partition of a dead owner is free; one on its way to a dead session stays with its owner. */
function withoutDead({ partition, session, next }: Owned, alive: ReadonlySet<string>): Owned {
  const owner = session !== null && alive.has(session) ? session : null;
  const heir = next !== null && alive.has(next) ? next : null;
  return owner === null ? { partition, session: heir, next: null } : { partition, session: owner, next: heir };
}

/** Fills each session's quota: first with partitions that it has or expects, then with free ones and those that others give up. */
function spread(pool: readonly Owned[], sessions: readonly Session[]): Map<PartitionKey, string> {
  const held = new Map<string, Owned[]>(sessions.map(({ id }) => [id, []]));
  const free: PartitionKey[] = [];
  for (const owned of pool) {
    const holder = held.get(owned.next ?? owned.session ?? "");
    if (holder) holder.push(owned);
    else free.push(owned.partition);
  }
  const quotas = sessions.map(({ id }, index) => ({
    id,
    quota: Math.floor(pool.length / sessions.length) + (index < pool.length % sessions.length ? 1 : 0),
  }));
  const targets = new Map<PartitionKey, string>();
  for (const { id, quota } of quotas) {
    const [kept, given] = split(held.get(id) ?? [], quota);
    for (const { partition } of kept) targets.set(partition, id);
    free.push(...given.map(({ partition }) => partition));
  }
  for (const { id, quota } of quotas) {
    let missing = quota - (held.get(id)?.length ?? 0);
    for (; missing > 0; missing -= 1) {
      const partition = free.shift();
      if (partition !== undefined) targets.set(partition, id);
    }
  }
  return targets;
}

/** Gives up partitions that are on their way to the session first, then its last ones in the order of the topology. */
function split(held: readonly Owned[], quota: number): [kept: readonly Owned[], given: readonly Owned[]] {
  const settled = held.filter(({ next }) => next === null);
  const arriving = held.filter(({ next }) => next !== null);
  const ordered = [...settled, ...arriving];
  return [ordered.slice(0, quota), ordered.slice(quota)];
}

function move(owned: Owned, target: string | undefined): Owned {
  if (target === undefined) return owned;
  const { partition, session } = owned;
  if (session === null || session === target) return { partition, session: target, next: null };
  return { partition, session, next: target };
}

/** A partition that its owner releases belongs to the session that waits for it. */
export function release(topology: readonly Owned[], session: string, partition: PartitionKey): readonly Owned[] {
  return topology.map((owned) =>
    owned.partition === partition && owned.session === session && owned.next !== null
      ? { partition, session: owned.next, next: null }
      : owned,
  );
}
