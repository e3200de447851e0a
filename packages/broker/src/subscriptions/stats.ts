/** Statistics of a subscription: the stream and the lag of each partition (protocol 2.10). */
import type { Clock, Subscription, SubscriptionEventTypeStats, SubscriptionPartitionStats } from "nakadi-protocol";
import type { CoordinationPort, Group, LogPort, Owned, Progress } from "nakadi-storage";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { Axis } from "../positions/axis.ts";
import { beforeOldest, newest } from "../positions/partition-bounds.ts";
import { timelineBounds } from "../positions/timeline-bounds.ts";
import { consumerLagSeconds } from "./consumer-lag.ts";

interface StatsParts {
  log: LogPort;
  coordination: CoordinationPort;
  clock: Clock;
}

/** All statistics of each partition; lags only if the positions are fixed. */
export async function subscriptionStats(
  { log, coordination, clock }: StatsParts,
  subscription: Subscription,
  eventTypes: readonly StoredEventType[],
  { timeLag }: { timeLag: boolean },
): Promise<SubscriptionEventTypeStats[]> {
  const owners = await readOwners(coordination, subscription.id);
  const progress: ReadonlyMap<string, Progress> = owners.known
    ? await coordination.progress(subscription.id)
    : new Map();
  return Promise.all(
    eventTypes.map(async (stored) => {
      const name = stored.eventType.name;
      const all = await timelineBounds(log, stored);
      const partitions = partitionNames(stored).map(async (partition): Promise<SubscriptionPartitionStats> => {
        const { state, stream_id, type } = owners.of(`${name}:${partition}`);
        const at = progress.get(`${name}:${partition}`)?.at;
        if (!at) return { partition, state, stream_id };
        const number = Number(partition);
        const axis = new Axis(stored.timelines, number);
        // BEGIN counts from the oldest event that is left.
        const committed = axis.ordinalOf(at.order === 0 ? beforeOldest(all, number) : at) ?? -1;
        const end = axis.ordinalOf(newest(all, number)) ?? -1;
        const distance = { axis, partition: number, committed, end };
        const seconds = timeLag ? await consumerLagSeconds(log, clock, distance) : undefined;
        const lag = seconds === undefined ? {} : { consumer_lag_seconds: seconds };
        return { partition, state, unconsumed_events: Math.max(0, end - committed), ...lag, stream_id, ...type };
      });
      return { event_type: name, partitions: await Promise.all(partitions) };
    }),
  );
}

/** The stream of each partition, without lags (protocol 2.6). */
export async function subscriptionStatus(
  coordination: CoordinationPort,
  { id }: Subscription,
  eventTypes: readonly StoredEventType[],
): Promise<SubscriptionEventTypeStats[]> {
  const owners = await readOwners(coordination, id);
  return eventTypes.map((stored) => ({
    event_type: stored.eventType.name,
    partitions: partitionNames(stored).map((partition) => {
      const { state, stream_id, type } = owners.of(`${stored.eventType.name}:${partition}`);
      return { partition, state, stream_id, ...type };
    }),
  }));
}

/** Sorted as strings: 0, 1, 10, 2. */
function partitionNames({ partitions }: StoredEventType): string[] {
  return Array.from({ length: partitions }, (_, partition) => String(partition)).sort();
}

interface Owners {
  /** Whether positions are fixed. */
  known: boolean;
  of(partition: string): Ownership;
}

async function readOwners(coordination: CoordinationPort, id: string): Promise<Owners> {
  const current = await coordination.group(id);
  const owners = new Map<string, Owned>(current?.group.topology.map((owned) => [owned.partition, owned]));
  return {
    known: current !== undefined,
    of: (partition) => ownership(owners.get(partition), current?.group, current?.alive),
  };
}

interface Ownership {
  state: SubscriptionPartitionStats["state"];
  stream_id: string;
  type: { assignment_type?: "direct" | "auto" };
}

/** A partition whose session has ended is unassigned. */
function ownership(
  owned: Owned | undefined,
  group: Group | undefined,
  alive: ReadonlySet<string> = new Set(),
): Ownership {
  const session = group?.sessions.find(({ id }) => id === owned?.session && alive.has(id));
  if (!owned || !session) return { state: "unassigned", stream_id: "", type: {} };
  return {
    state: owned.next === null ? "assigned" : "reassigning",
    stream_id: session.id,
    type: { assignment_type: session.requested.length > 0 ? "direct" : "auto" },
  };
}
