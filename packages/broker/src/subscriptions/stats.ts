/** Who reads what, and how much is left (protocol 2.10). */
import type { Clock, Subscription, SubscriptionEventTypeStats, SubscriptionPartitionStats } from "nakadi-protocol";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import { Axis } from "../log/axis.ts";
import { newest, timelineBounds } from "../log/partition-bounds.ts";
import type { CoordinationPort, Group, LogPort, Owned, Progress } from "../storage/ports.ts";

interface StatsParts {
  log: LogPort;
  coordination: CoordinationPort;
  clock: Clock;
}

export async function subscriptionStats(
  { log, coordination, clock }: StatsParts,
  subscription: Subscription,
  eventTypes: readonly StoredEventType[],
  { timeLag }: { timeLag: boolean },
): Promise<SubscriptionEventTypeStats[]> {
  const current = await coordination.group(subscription.id);
  const progress: ReadonlyMap<string, Progress> = current ? await coordination.progress(subscription.id) : new Map();
  const owners = new Map<string, Owned>(current?.group.topology.map((owned) => [owned.partition, owned]));
  return Promise.all(
    eventTypes.map(async (stored) => {
      const all = await timelineBounds(log, stored);
      const name = stored.eventType.name;
      const names = Array.from({ length: stored.partitions }, (_, partition) => String(partition)).sort();
      const partitions = names.map(async (partition): Promise<SubscriptionPartitionStats> => {
        const owner = ownership(owners.get(`${name}:${partition}`), current?.group, current?.alive);
        const at = progress.get(`${name}:${partition}`)?.at;
        if (!at) return { partition, state: owner.state, stream_id: owner.stream_id };
        const axis = new Axis(stored.timelines, Number(partition));
        const committed = axis.ordinalOf(at) ?? -1;
        const unconsumed_events = Math.max(0, (axis.ordinalOf(newest(all, Number(partition))) ?? -1) - committed);
        const lag = timeLag ? { consumer_lag_seconds: await lagSeconds(log, clock, axis, Number(partition), committed, unconsumed_events) } : {};
        return { partition, state: owner.state, unconsumed_events, ...lag, stream_id: owner.stream_id, ...owner.type };
      });
      return { event_type: name, partitions: await Promise.all(partitions) };
    }),
  );
}

interface Ownership {
  state: SubscriptionPartitionStats["state"];
  stream_id: string;
  type: { assignment_type?: "direct" | "auto" };
}

/** A partition of a session that is gone is nobody's. */
function ownership(owned: Owned | undefined, group: Group | undefined, alive: ReadonlySet<string> = new Set()): Ownership {
  const session = group?.sessions.find(({ id }) => id === owned?.session && alive.has(id));
  if (!owned || !session) return { state: "unassigned", stream_id: "", type: {} };
  return {
    state: owned.next === null ? "assigned" : "reassigning",
    stream_id: session.id,
    type: { assignment_type: session.requested.length > 0 ? "direct" : "auto" },
  };
}

/** Age of the next event to be consumed, in whole seconds; 0 at the end of the log. */
async function lagSeconds(
  log: LogPort,
  clock: Clock,
  axis: Axis,
  partition: number,
  committed: number,
  unconsumed: number,
): Promise<number> {
  if (unconsumed === 0) return 0;
  const at = axis.locate(committed + 1);
  const { frames } = await log.read(at.log, partition, at.number, { bytes: 1, records: 1 }, new AbortController().signal);
  const [next] = frames;
  return next ? Math.max(0, Math.floor((clock.wallMs() - next.timestampMs) / 1_000)) : 0;
}
