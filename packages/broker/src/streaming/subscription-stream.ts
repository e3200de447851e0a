/**
 * The driver of one subscription stream: carries what storage, clock and socket say into the pure session, and what the
 * session says to them. Everything that may change the session ends in `#pump`.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "nakadi-protocol";
import type { Axis } from "../log/axis.ts";
import type { Owned, PartitionKey, Progress, Storage, StoredPosition } from "../storage/ports.ts";
import { batchLine } from "./batch-line.ts";
import { dropDead, handOver, leave, linger, splitKey } from "./group.ts";
import type { Mark } from "./partition-window.ts";
import { PartitionReaders } from "./partition-readers.ts";
import type { StreamSink } from "./stream-sink.ts";
import type { Batch, SubscriptionSession } from "./subscription-session.ts";

/** Hints may be lost, so everything is looked at anew this often. */
const POLL_MS = 5_000;

export interface SubscriptionStreamParts {
  id: string;
  subscription: string;
  session: SubscriptionSession;
  storage: Storage;
  clock: Clock;
  /** The axis of a partition, from the event type as it is now. */
  axisOf: (partition: PartitionKey) => Promise<Axis>;
  /** Told about a storage that fails; the stream ends then. */
  onError: (error: unknown) => void;
}

export class SubscriptionStream {
  readonly id: string;
  readonly subscription: string;
  /** Resolves when the session is gone and the body has ended. */
  readonly ended: Promise<void>;
  readonly #parts: SubscriptionStreamParts;
  readonly #session: SubscriptionSession;
  readonly #readers: PartitionReaders;
  readonly #axes = new Map<PartitionKey, Axis>();
  #resolveEnded: () => void = () => undefined;
  #sink: StreamSink | undefined;
  #timer: Timer | undefined;
  #poll: Timer | undefined;
  #outdated = { group: true, progress: false };
  #syncing = false;
  #pumping = false;

  constructor(parts: SubscriptionStreamParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.subscription = parts.subscription;
    this.#session = parts.session;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#readers = new PartitionReaders(parts.storage.log, {
      received: (partition, from, { records, next }) => {
        this.#session.received(partition, from, records, next);
        this.#pump();
      },
      stirred: () => this.#pump(),
      failed: (error) => this.#fail(error),
    });
  }

  /** Begins to send into `sink`. Call it once, after `settle`. */
  start(sink: StreamSink): void {
    this.#sink = sink;
    sink.onWritable(() => this.#pump());
    sink.onGone(() => {
      this.#session.close(undefined);
      this.#pump();
      if (this.#session.phase !== "ended") this.#linger();
    });
    this.#schedulePoll();
    this.#pump();
  }

  /** Takes over what the group assigns right now, so that its positions are known before the stream begins. */
  async settle(): Promise<void> {
    this.#outdated.group = false;
    await this.#syncGroup();
  }

  /** The stored group or progress of the subscription may have changed. */
  hint(what: "group" | "progress"): void {
    this.#outdated[what] = true;
    void this.#sync();
  }

  /** Ends at once, as at the broker's stop. */
  async stop(): Promise<void> {
    this.#session.end();
    this.#pump();
    await this.ended;
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #pump(): void {
    if (this.#pumping || !this.#sink) return;
    this.#pumping = true;
    let ended = false;
    for (const output of this.#session.advance(this.#nowMs, this.#sink.writable)) {
      if (output.kind === "batch") this.#sink.write(this.#lineOf(output));
      else if (output.kind === "release") this.#release(output.partition);
      else ended = true;
    }
    this.#pumping = false;
    if (ended) {
      void this.#finish();
      return;
    }
    this.#readers.read(this.#session.wanted());
    this.#schedule();
  }

  #lineOf({ partition, offset, events, debug }: Batch): Uint8Array {
    const { eventType, partition: number } = splitKey(partition);
    const cursor = `{"partition":"${number}","offset":"${offset}","event_type":"${eventType}","cursor_token":"${randomUUID()}"}`;
    return batchLine(cursor, events, debug);
  }

  #schedule(): void {
    this.#timer?.cancel();
    const dueMs = this.#session.nextDueMs(this.#sink?.writable ?? false);
    this.#timer = Number.isFinite(dueMs)
      ? this.#parts.clock.schedule(Math.max(0, Math.ceil(dueMs - this.#nowMs)), () => this.#pump())
      : undefined;
  }

  #schedulePoll(): void {
    this.#poll = this.#parts.clock.schedule(POLL_MS, () => {
      this.#readers.suspectAll();
      this.#outdated = { group: true, progress: true };
      void this.#sync();
      this.#schedulePoll();
    });
  }

  /** One at a time; what becomes outdated meanwhile is looked at again. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      while (this.#outdated.group || this.#outdated.progress) {
        const { group } = this.#outdated;
        this.#outdated = { group: false, progress: false };
        // A group is read first: whoever owned a partition before cannot commit any more once it is ours.
        if (group) await this.#syncGroup();
        await this.#syncProgress();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#syncing = false;
    }
    this.#pump();
  }

  async #syncGroup(): Promise<void> {
    const { storage } = this.#parts;
    const current = await storage.coordination.group(this.subscription);
    if (!current?.group.sessions.some(({ id }) => id === this.id)) {
      this.#session.end();
      return;
    }
    const { group, alive } = current;
    if (group.sessions.some(({ id }) => !alive.has(id))) await dropDead(storage.coordination, this.subscription);
    if (group.resetUntilMs !== null && group.resetUntilMs > this.#parts.clock.wallMs())
      this.#session.close("Resetting subscription cursors");
    await this.#followTopology(group.topology);
  }

  async #followTopology(topology: readonly Owned[]): Promise<void> {
    const mine = topology.filter(({ session }) => session === this.id);
    const gained = mine.filter(({ partition, next }) => next === null && !this.#session.partitions.has(partition));
    if (gained.length > 0 && this.#session.phase === "streaming") await this.#gain(gained);
    const kept = new Set(mine.map(({ partition }) => partition));
    for (const partition of this.#session.partitions) if (!kept.has(partition)) this.#lose(partition);
    for (const { partition, next } of mine) {
      if (next === null) this.#session.keep(partition);
      else this.#session.reassign(partition, this.#nowMs);
    }
    this.#session.expect(
      topology.some(({ next }) => next === this.id),
      this.#nowMs,
    );
  }

  async #gain(gained: readonly Owned[]): Promise<void> {
    const axes = await Promise.all(gained.map(({ partition }) => this.#parts.axisOf(partition)));
    const progress = await this.#parts.storage.coordination.progress(this.subscription);
    for (const [index, { partition }] of gained.entries()) {
      const axis = axes[index];
      const at = progress.get(partition)?.at;
      if (!axis || !at) continue;
      this.#axes.set(partition, axis);
      this.#session.assign(partition, markOf(axis, at), (ordinal) => axis.textOf(ordinal), this.#nowMs);
      this.#readers.add(partition, splitKey(partition).partition, axis);
    }
  }

  #lose(partition: PartitionKey): void {
    this.#session.unassign(partition, this.#nowMs);
    this.#forget(partition);
  }

  #forget(partition: PartitionKey): void {
    this.#readers.remove(partition);
    this.#axes.delete(partition);
  }

  async #syncProgress(): Promise<void> {
    if (this.#axes.size === 0) return;
    const progress: ReadonlyMap<PartitionKey, Progress> = await this.#parts.storage.coordination.progress(
      this.subscription,
    );
    for (const [partition, axis] of this.#axes) {
      const at = progress.get(partition)?.at;
      if (at) this.#session.committed(partition, markOf(axis, at), this.#nowMs);
    }
  }

  #release(partition: PartitionKey): void {
    this.#forget(partition);
    const { coordination } = this.#parts.storage;
    handOver(coordination, this.subscription, this.id, partition).catch((error: unknown) => this.#fail(error));
  }

  #linger(): void {
    linger(this.#parts.storage.coordination, this.subscription, this.id).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#session.phase === "ended") return;
    this.#parts.onError(error);
    this.#session.end();
    this.#pump();
  }

  /** The session goes before the body ends: whoever reads the end finds the slot free. */
  async #finish(): Promise<void> {
    this.#timer?.cancel();
    this.#poll?.cancel();
    this.#readers.close();
    try {
      await leave(this.#parts.storage.coordination, this.subscription, this.id);
    } catch (error) {
      this.#parts.onError(error);
    }
    this.#sink?.end();
    this.#resolveEnded();
  }
}

function markOf(axis: Axis, { order, number, text }: StoredPosition): Mark {
  const ordinal = axis.ordinalOf({ order, number });
  if (ordinal === undefined) throw new Error(`The position ${text} lies in no timeline of its event type.`);
  return { ordinal, text };
}
