/**
 * Keeps the session of one stream in step with what is stored: which partitions are its own, what of them is committed,
 * which timelines there are. It looks when it is told to, one round at a time.
 */
import type { Clock } from "nakadi-protocol";
import type { Axis } from "../log/axis.ts";
import type { Owned, PartitionKey, Progress, Storage, StoredPosition } from "../storage/ports.ts";
import { dropDead, handOver, splitKey } from "./group.ts";
import { PartitionAxes } from "./partition-axes.ts";
import type { PartitionReaders } from "./partition-readers.ts";
import type { Mark } from "./partition-window.ts";
import type { SubscriptionSession } from "./subscription-session.ts";

/** What may have changed. */
export type Suspicion = "group" | "timelines" | "progress";

export interface SessionSyncParts {
  id: string;
  subscription: string;
  session: SubscriptionSession;
  readers: PartitionReaders;
  storage: Storage;
  clock: Clock;
  axisOf: (partition: PartitionKey) => Promise<Axis>;
  /** The session was told something. */
  changed: () => void;
  failed: (error: unknown) => void;
}

export class SessionSync {
  readonly #parts: SessionSyncParts;
  readonly #axes: PartitionAxes;
  readonly #suspected = new Set<Suspicion>();
  #syncing = false;

  constructor(parts: SessionSyncParts) {
    this.#parts = parts;
    this.#axes = new PartitionAxes(parts.axisOf);
  }

  /** Takes over what the group assigns right now. */
  async settle(): Promise<void> {
    await this.#syncGroup();
  }

  suspect(...what: readonly Suspicion[]): void {
    for (const one of what) this.#suspected.add(one);
    void this.#sync();
  }

  /** The session has let go of a partition. */
  forget(partition: PartitionKey): void {
    this.#parts.readers.remove(partition);
    this.#axes.delete(partition);
  }

  /** One round at a time; what is suspected meanwhile is looked at again. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      while (this.#suspected.size > 0 && this.#parts.session.phase !== "ended") {
        const suspected = new Set(this.#suspected);
        this.#suspected.clear();
        // A group is read first: whoever owned a partition before cannot commit any more once it is ours.
        if (suspected.has("group")) await this.#syncGroup();
        if (suspected.has("timelines")) await this.#syncTimelines();
        await this.#syncProgress();
      }
    } catch (error) {
      this.#parts.failed(error);
    } finally {
      this.#syncing = false;
    }
    this.#parts.changed();
  }

  async #syncGroup(): Promise<void> {
    const { session, storage, subscription, id, clock } = this.#parts;
    const current = await storage.coordination.group(subscription);
    if (!current?.group.sessions.some((one) => one.id === id)) {
      session.end();
      return;
    }
    const { group, alive } = current;
    if (group.sessions.some((one) => !alive.has(one.id))) await dropDead(storage.coordination, subscription);
    if (group.resetUntilMs !== null && group.resetUntilMs > clock.wallMs())
      session.close("Resetting subscription cursors");
    await this.#followTopology(group.topology);
  }

  async #followTopology(topology: readonly Owned[]): Promise<void> {
    const { session, storage, subscription, id, clock } = this.#parts;
    const mine = topology.filter((owned) => owned.session === id);
    const gained = mine.filter(({ partition, next }) => next === null && !session.partitions.has(partition));
    if (gained.length > 0 && session.phase === "streaming") await this.#gain(gained);
    const kept = new Set(mine.map(({ partition }) => partition));
    for (const partition of session.partitions) {
      if (kept.has(partition)) continue;
      session.unassign(partition, clock.monotonicMs());
      this.forget(partition);
    }
    for (const { partition, next } of mine) {
      if (next === null) session.keep(partition);
      else if (session.partitions.has(partition)) session.reassign(partition, clock.monotonicMs());
      // Another stream came before this one took it up: nothing of it was sent, so nothing keeps it.
      else await handOver(storage.coordination, subscription, id, partition);
    }
    session.expect(
      topology.some(({ next }) => next === id),
      clock.monotonicMs(),
    );
  }

  async #gain(gained: readonly Owned[]): Promise<void> {
    const { session, readers, clock } = this.#parts;
    const progress = await this.#progress();
    for (const { partition } of gained) {
      const at = progress.get(partition)?.at;
      if (!at) continue;
      // Read after the progress, so that no timeline is named in that which the axis does not know.
      const axis = await this.#axes.add(partition);
      const textOf = (ordinal: number): string => this.#axes.textOf(partition, ordinal);
      session.assign(partition, markOf(axis, at), textOf, clock.monotonicMs());
      readers.add(partition, splitKey(partition).partition, axis);
    }
  }

  async #syncTimelines(): Promise<void> {
    for (const [partition, axis] of await this.#axes.refresh())
      this.#parts.readers.add(partition, splitKey(partition).partition, axis);
  }

  async #syncProgress(): Promise<void> {
    if (this.#axes.size === 0) return;
    const { session, clock } = this.#parts;
    const progress = await this.#progress();
    const ahead = [...this.#axes].some(([partition, axis]) => !axis.knows(progress.get(partition)?.at));
    if (ahead) await this.#syncTimelines();
    for (const [partition, axis] of this.#axes) {
      const at = progress.get(partition)?.at;
      if (at) session.committed(partition, markOf(axis, at), clock.monotonicMs());
    }
  }

  async #progress(): Promise<ReadonlyMap<PartitionKey, Progress>> {
    return this.#parts.storage.coordination.progress(this.#parts.subscription);
  }
}

function markOf(axis: Axis, { order, number, text }: StoredPosition): Mark {
  const ordinal = axis.ordinalOf({ order, number });
  if (ordinal === undefined) throw new Error(`The position ${text} lies in no timeline of its event type.`);
  return { ordinal, text };
}
