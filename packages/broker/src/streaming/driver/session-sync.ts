/**
 * Brings the session of one stream up to date with the storage: its partitions, their commits, their timelines. Each
 * `invalidate` makes it read once more, one round at a time.
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
import { dropDeadSessions, dropEventType, handOverPartition } from "../../group/group-changes.ts";
import { splitPartitionKey } from "../../positions/partition-key.ts";
import type { PartitionAxes } from "../reading/partition-axes.ts";
import type { PartitionReaders } from "../reading/partition-readers.ts";
import type { Mark, PartitionStart } from "../session/partition-window.ts";
import { startPosition } from "../reading/start-position.ts";
import type { SubscriptionSession } from "../session/subscription-session.ts";
import { isResetting } from "../../subscriptions/reset-mark.ts";

/** What may have changed in the storage. */
export type Invalidation = "group" | "event-types" | "progress";

export interface SessionSyncParts {
  id: string;
  subscription: string;
  /** The event types that the subscription names. */
  eventTypes: readonly string[];
  session: SubscriptionSession;
  readers: PartitionReaders;
  axes: PartitionAxes;
  storage: Storage;
  clock: Clock;
  /** Milliseconds that a reset of cursors may take. */
  longestResetMs: number;
  snapshots: Snapshots;
  /** The stored event type. @throws {ProblemError} 404; 403 where the client may not read it any more */
  eventType: (name: string, at: Snapshot) => Promise<StoredEventType>;
  deadLetterRules: DeadLetterRules | undefined;
  batchLimit: number;
  /** The session may have new partitions or commits. */
  changed: () => void;
  failed: (error: unknown) => void;
}

export class SessionSync {
  readonly #parts: SessionSyncParts;
  readonly #invalidated = new Set<Invalidation>();
  #syncing = false;

  constructor(parts: SessionSyncParts) {
    this.#parts = parts;
  }

  /** Assigns the partitions that the group gives to this session. @throws {CursorError} for a position that cannot be read */
  async settle(): Promise<void> {
    this.#syncing = true;
    try {
      do {
        this.#invalidated.delete("group");
        await this.#syncGroup();
      } while (this.#invalidated.has("group"));
    } finally {
      this.#syncing = false;
    }
  }

  invalidate(...what: readonly Invalidation[]): void {
    for (const one of what) this.#invalidated.add(one);
    void this.#sync();
  }

  get isLooking(): boolean {
    return this.#syncing;
  }

  /** The session has released a partition. */
  forgetPartition(partition: PartitionKey): void {
    this.#parts.readers.removePartition(partition);
    this.#parts.axes.delete(partition);
  }

  /** One round at a time; an invalidation during a round starts another one. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      while (this.#invalidated.size > 0 && this.#parts.session.phase !== "ended") {
        const invalidated = new Set(this.#invalidated);
        this.#invalidated.clear();
        // The group is read first: once it gives a partition to this session, its owner before cannot commit any more.
        if (invalidated.has("group")) await this.#syncGroup();
        if (invalidated.has("event-types")) await this.#syncEventTypes();
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
    if (group.sessions.some((one) => !alive.has(one.id))) await dropDeadSessions(storage.coordination, subscription);
    if (isResetting(group.resetUntilMs, clock.wallMs(), longestResetMs))
      session.close("Resetting subscription cursors");
    await this.#followTopology(group);
  }

  async #followTopology({ topology, version }: Group): Promise<void> {
    const { session, storage, subscription, id, clock } = this.#parts;
    const mine = topology.filter((owned) => owned.session === id);
    const gained = mine.filter(({ partition, next }) => next === null && !session.partitions.has(partition));
    if (gained.length > 0 && session.phase === "streaming") await this.#assignGained(gained, version);
    const kept = new Set(mine.map(({ partition }) => partition));
    for (const partition of session.partitions) {
      if (kept.has(partition)) continue;
      session.unassign(partition, clock.monotonicMs());
      this.forgetPartition(partition);
    }
    for (const { partition, next } of mine) {
      if (next === null) session.keep(partition);
      else if (session.partitions.has(partition)) session.reassign(partition, clock.monotonicMs());
      // The partition was given away before this session read it: no event was sent, so no commit is waited for.
      else await handOverPartition(storage.coordination, subscription, id, partition);
    }
    session.expect(
      topology.some(({ next }) => next === id),
      clock.monotonicMs(),
    );
  }

  async #assignGained(gained: readonly Owned[], version: number): Promise<void> {
    const { session, readers, axes, clock, storage, subscription } = this.#parts;
    const progress = await this.#progress();
    // Taken after the progress was read, so that the axis knows each timeline that the progress names.
    const at = await this.#parts.snapshots.take();
    const views = new Map<string, LogView>();
    for (const { partition: key } of gained) {
      const stored = progress.get(key);
      if (!stored) continue;
      const { eventType, partition } = splitPartitionKey(key);
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
      readers.addPartition(key, partition, axis);
    }
  }

  /** `undefined` if the progress has changed since it was read: another round follows then. */
  async #startOf(
    partition: PartitionKey,
    axis: Axis,
    view: LogView,
    progress: Progress,
    version: number,
  ): Promise<PartitionStart | undefined> {
    const { storage, subscription, deadLetterRules: rules, batchLimit, axes } = this.#parts;
    const { at, expired } = startPosition(view, splitPartitionKey(partition).partition, progress.at);
    const start = { at, expired, textOf: (ordinal: number): string => axes.textOf(partition, ordinal) };
    if (!rules) return start;
    const counted = { partition, axis, progress, committed: at.ordinal, batchLimit };
    const count = await takeOverCount(storage.coordination, subscription, rules, counted, version);
    if (!count) this.#invalidated.add("group");
    return count && { ...start, deadLetters: { rules, count } };
  }

  /** `undefined` for a deleted event type that the subscription does not name: it was attached for redrive. */
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

  /** A client that may not read one of the event types any more reads none (protocol 3.11). */
  async #syncEventTypes(): Promise<void> {
    const { eventTypes, eventType, snapshots } = this.#parts;
    const at = await snapshots.take();
    for (const name of eventTypes) await eventType(name, at);
    await this.#syncTimelines(at);
  }

  async #syncTimelines(at: Snapshot): Promise<void> {
    const { axes, readers, eventType } = this.#parts;
    for (const [partition, axis] of await axes.refresh((name) => eventType(name, at)))
      readers.addPartition(partition, splitPartitionKey(partition).partition, axis);
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

  /** A commit of events that were not read may lie behind the end. @throws {CursorError} where it does */
  async #readable(partition: PartitionKey, at: StoredPosition): Promise<Mark | undefined> {
    const { eventType, partition: number } = splitPartitionKey(partition);
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
