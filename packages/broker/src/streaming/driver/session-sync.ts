/**
 * Keeps the session of one stream in step with what is stored: which partitions are its own, what of them is committed,
 * which timelines there are. It looks when it is told to, one round at a time.
 */
import type { Clock } from "nakadi-protocol";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { Axis } from "../../positions/axis.ts";
import { CursorError } from "../../positions/cursor-position.ts";
import type { LogView } from "../../positions/partition-bounds.ts";
import { timelineBounds } from "../../positions/timeline-bounds.ts";
import type { Snapshot, Snapshots } from "../../metadata-snapshot.ts";
import { isNotFound } from "../../problems.ts";
import {
  type Group,
  NoSuchLogError,
  type Owned,
  type PartitionKey,
  type Progress,
  type Storage,
  type StoredPosition,
} from "nakadi-storage";
import type { DeadLetterRules } from "../../dead-letters/dead-letter-annotations.ts";
import { takeOverCount } from "../../dead-letters/failure-counts.ts";
import { dropDead, dropEventType, handOver, splitKey } from "../../group/group-changes.ts";
import type { PartitionAxes } from "../reading/partition-axes.ts";
import type { PartitionReaders } from "../reading/partition-readers.ts";
import type { Mark, PartitionStart } from "../session/partition-window.ts";
import { startPosition } from "../reading/start-position.ts";
import type { SubscriptionSession } from "../session/subscription-session.ts";
import { isResetting } from "../../subscriptions/reset-mark.ts";

/** What may have changed. */
export type Suspicion = "group" | "event-types" | "progress";

export interface SessionSyncParts {
  id: string;
  subscription: string;
  /** That the subscription names. */
  eventTypes: readonly string[];
  session: SubscriptionSession;
  readers: PartitionReaders;
  axes: PartitionAxes;
  storage: Storage;
  clock: Clock;
  /** Milliseconds that a reset of cursors may take. */
  longestResetMs: number;
  snapshots: Snapshots;
  /** As it is stored. @throws {ProblemError} 404; 403 where the client may not read it any more */
  eventType: (name: string, at: Snapshot) => Promise<StoredEventType>;
  deadLetterRules: DeadLetterRules | undefined;
  batchLimit: number;
  /** The session was told something. */
  changed: () => void;
  failed: (error: unknown) => void;
}

export class SessionSync {
  readonly #parts: SessionSyncParts;
  readonly #suspected = new Set<Suspicion>();
  #syncing = false;

  constructor(parts: SessionSyncParts) {
    this.#parts = parts;
  }

  /** Takes over what the group assigns right now. @throws {CursorError} for a position that cannot be read from */
  async settle(): Promise<void> {
    this.#syncing = true;
    try {
      do {
        this.#suspected.delete("group");
        await this.#syncGroup();
      } while (this.#suspected.has("group"));
    } finally {
      this.#syncing = false;
    }
  }

  suspect(...what: readonly Suspicion[]): void {
    for (const one of what) this.#suspected.add(one);
    void this.#sync();
  }

  get isLooking(): boolean {
    return this.#syncing;
  }

  /** The session has let go of a partition. */
  forget(partition: PartitionKey): void {
    this.#parts.readers.remove(partition);
    this.#parts.axes.delete(partition);
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
        if (suspected.has("event-types")) await this.#syncEventTypes();
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
    const { session, storage, subscription, id, clock, longestResetMs } = this.#parts;
    const current = await storage.coordination.group(subscription);
    if (!current?.group.sessions.some((one) => one.id === id)) {
      session.end();
      return;
    }
    const { group, alive } = current;
    if (group.sessions.some((one) => !alive.has(one.id))) await dropDead(storage.coordination, subscription);
    if (isResetting(group.resetUntilMs, clock.wallMs(), longestResetMs))
      session.close("Resetting subscription cursors");
    await this.#followTopology(group);
  }

  async #followTopology({ topology, version }: Group): Promise<void> {
    const { session, storage, subscription, id, clock } = this.#parts;
    const mine = topology.filter((owned) => owned.session === id);
    const gained = mine.filter(({ partition, next }) => next === null && !session.partitions.has(partition));
    if (gained.length > 0 && session.phase === "streaming") await this.#gain(gained, version);
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

  async #gain(gained: readonly Owned[], version: number): Promise<void> {
    const { session, readers, axes, clock, storage, subscription } = this.#parts;
    const progress = await this.#progress();
    // Taken after the progress, so that no timeline is named in that which the axis does not know.
    const at = await this.#parts.snapshots.take();
    const views = new Map<string, LogView>();
    for (const { partition: key } of gained) {
      const stored = progress.get(key);
      if (!stored) continue;
      const { eventType, partition } = splitKey(key);
      const view = views.get(eventType) ?? (await this.#viewOf(eventType, at));
      if (!view) {
        await dropEventType(storage.coordination, subscription, eventType);
        continue;
      }
      views.set(eventType, view);
      const axis = new Axis(view.stored.timelines, partition);
      const start = await this.#startOf(key, axis, view, stored, version);
      if (session.phase !== "streaming") return;
      if (!start) continue;
      axes.set(key, axis);
      session.assign(key, start, clock.monotonicMs());
      readers.add(key, partition, axis);
    }
  }

  /** `undefined` if what is stored has changed meanwhile: there will be another round then. */
  async #startOf(
    partition: PartitionKey,
    axis: Axis,
    view: LogView,
    progress: Progress,
    version: number,
  ): Promise<PartitionStart | undefined> {
    const { storage, subscription, deadLetterRules: rules, batchLimit, axes } = this.#parts;
    const { at, expired } = startPosition(view, splitKey(partition).partition, progress.at);
    const start = { at, expired, textOf: (ordinal: number): string => axes.textOf(partition, ordinal) };
    if (!rules) return start;
    const counted = { partition, axis, progress, committed: at.ordinal, batchLimit };
    const count = await takeOverCount(storage.coordination, subscription, rules, counted, version);
    if (!count) this.#suspected.add("group");
    return count && { ...start, deadLetters: { rules, count } };
  }

  /** `undefined` if one is gone that the subscription does not name: it was deleted while it was attached for redrive. */
  async #viewOf(eventType: string, at: Snapshot): Promise<LogView | undefined> {
    try {
      const stored = await this.#parts.eventType(eventType, at);
      return { stored, bounds: await timelineBounds(this.#parts.storage.log, stored) };
    } catch (error) {
      const gone = error instanceof NoSuchLogError || isNotFound(error);
      if (gone && !this.#parts.eventTypes.includes(eventType)) return undefined;
      throw error;
    }
  }

  /** Whoever may not read one of them any more reads none, even if others have its partitions (protocol 3.11). */
  async #syncEventTypes(): Promise<void> {
    const { eventTypes, eventType, snapshots } = this.#parts;
    const at = await snapshots.take();
    for (const name of eventTypes) await eventType(name, at);
    await this.#syncTimelines(at);
  }

  async #syncTimelines(at: Snapshot): Promise<void> {
    const { axes, readers, eventType } = this.#parts;
    for (const [partition, axis] of await axes.refresh((name) => eventType(name, at)))
      readers.add(partition, splitKey(partition).partition, axis);
  }

  async #syncProgress(): Promise<void> {
    const { session, axes, clock, snapshots } = this.#parts;
    if (axes.size === 0) return;
    const progress = await this.#progress();
    const ahead = [...axes].some(([partition, axis]) => !axis.knows(progress.get(partition)?.at));
    if (ahead) await this.#syncTimelines(await snapshots.take());
    for (const [partition, axis] of axes) {
      const at = progress.get(partition)?.at;
      if (!at) continue;
      const mark = markOf(axis, at);
      const wasRead = mark.ordinal < (session.nextToRead(partition) ?? Infinity) && !axis.isBehindEnd(at);
      const readable = wasRead ? undefined : await this.#readable(partition, at);
      session.committed(partition, readable ?? mark, clock.monotonicMs());
    }
  }

  /** A commit of what was never read may lie behind the end: nothing can be read from there. @throws {CursorError} */
  async #readable(partition: PartitionKey, at: StoredPosition): Promise<Mark | undefined> {
    const { eventType, partition: number } = splitKey(partition);
    const view = await this.#viewOf(eventType, await this.#parts.snapshots.take());
    return view && startPosition(view, number, at).at;
  }

  async #progress(): Promise<ReadonlyMap<PartitionKey, Progress>> {
    return this.#parts.storage.coordination.progress(this.#parts.subscription);
  }
}

function markOf(axis: Axis, { order, number, text }: StoredPosition): Mark {
  const ordinal = axis.ordinalOf({ order, number });
  if (ordinal === undefined) throw new CursorError(`The position ${text} lies in no timeline of its event type.`);
  return { ordinal, text };
}
