/** All open subscription streams of this node: opening, hints, stopping (protocol 3.1). */
import { randomUUID } from "node:crypto";
import type { Clock, Subscription } from "nakadi-protocol";
import { EVENT_TYPE_KIND, type EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import { Axis } from "../log/axis.ts";
import { CursorError, demandReadable } from "../log/cursor-position.ts";
import { timelineBounds } from "../log/timeline-bounds.ts";
import { ProblemError } from "../problems.ts";
import type { ConsumerGate } from "../settings/consumer-gate.ts";
import type { PartitionKey, Storage } from "../storage/ports.ts";
import { initialise } from "../subscriptions/initialise.ts";
import type { Subscriptions } from "../subscriptions/registry.ts";
import { join, leave, splitKey } from "./group.ts";
import { requestedPartitions, type SubscriptionStreamRequest } from "./stream-request.ts";
import { SubscriptionSession } from "./subscription-session.ts";
import { SubscriptionStream } from "./subscription-stream.ts";

export interface StreamsParts {
  /** The name of this node at the moment. */
  node: () => string;
  storage: Storage;
  subscriptions: Subscriptions;
  eventTypes: EventTypes;
  gate: ConsumerGate;
  limits: Limits;
  clock: Clock;
  onError: (error: unknown) => void;
}

export class SubscriptionStreams {
  readonly #parts: StreamsParts;
  readonly #open = new Map<string, Set<SubscriptionStream>>();
  readonly #hints: readonly Disposable[];

  constructor(parts: StreamsParts) {
    this.#parts = parts;
    const { coordination, metadata } = parts.storage;
    this.#hints = [
      coordination.onChange((subscription, what) => {
        for (const stream of this.#open.get(subscription) ?? []) stream.hint(what);
      }),
      metadata.onWrite((kind, id) => {
        if (kind === EVENT_TYPE_KIND) for (const stream of this.#reading(id)) stream.hint("timelines");
      }),
      parts.gate.onChange(() => void this.#closeBlocked()),
    ];
  }

  /**
   * A session with its partitions, ready to `start`. Whoever opens it starts or stops it.
   * @throws {ProblemError} 403, 404, 409, 412, 422
   */
  async open(subscriptionId: string, { settings, partitions }: SubscriptionStreamRequest): Promise<SubscriptionStream> {
    const { storage, subscriptions, limits, clock, node, gate } = this.#parts;
    const subscription = await subscriptions.get(subscriptionId);
    await gate.demandStream(subscription.event_types);
    const eventTypes = await subscriptions.eventTypesOf(subscription);
    const known = partitionKeys(eventTypes);
    const requested = requestedPartitions(partitions, known);
    await initialise({ log: storage.log, coordination: storage.coordination }, subscription, eventTypes);
    const id = randomUUID();
    const session = { id, node: node(), requested, commitTimeoutMs: settings.commitTimeoutMs };
    await join(storage.coordination, subscriptionId, session, () => clock.wallMs());
    const stream = new SubscriptionStream({
      id,
      subscription: subscriptionId,
      eventTypes: subscription.event_types,
      session: new SubscriptionSession(settings, {
        maxBufferBytes: limits.maxStreamBufferBytes,
        nowMs: clock.monotonicMs(),
      }),
      storage,
      clock,
      axisOf: (key) => this.#axisOf(key),
      onError: this.#parts.onError,
    });
    this.#add(stream);
    try {
      await this.#demandNotDeleted(subscriptionId);
      await this.#demandReadable(subscription, eventTypes, id);
      await stream.settle();
      // Whoever was blocked since then has not been told.
      await gate.demandStream(subscription.event_types);
    } catch (error) {
      this.#remove(stream);
      await leave(storage.coordination, subscriptionId, id);
      throw error;
    }
    return stream;
  }

  /** Ends all streams at once, and takes no hints any more. */
  async stop(): Promise<void> {
    for (const hint of this.#hints) hint[Symbol.dispose]();
    await this.endAll();
  }

  /** Ends all streams at once. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#open.values()].flatMap((streams) => [...streams].map((stream) => stream.stop())));
  }

  *#reading(eventType: string): Iterable<SubscriptionStream> {
    for (const streams of this.#open.values()) for (const stream of streams) if (stream.reads(eventType)) yield stream;
  }

  async #closeBlocked(): Promise<void> {
    for (const stream of [...this.#open.values()].flatMap((streams) => [...streams])) {
      try {
        if (await this.#parts.gate.blocks(stream.eventTypes)) stream.close("Consumption is blocked");
      } catch (error) {
        this.#parts.onError(error);
      }
    }
  }

  #add(stream: SubscriptionStream): void {
    const streams = this.#open.get(stream.subscription) ?? new Set();
    this.#open.set(stream.subscription, streams.add(stream));
    void stream.ended.then(() => this.#remove(stream));
  }

  #remove(stream: SubscriptionStream): void {
    const streams = this.#open.get(stream.subscription);
    streams?.delete(stream);
    if (streams?.size === 0) this.#open.delete(stream.subscription);
  }

  async #axisOf(key: PartitionKey): Promise<Axis> {
    const { eventType, partition } = splitKey(key);
    return new Axis((await this.#parts.eventTypes.get(eventType)).timelines, partition);
  }

  /** Deleted while its state was made: that goes again. @throws {ProblemError} 404 */
  async #demandNotDeleted(id: string): Promise<void> {
    try {
      await this.#parts.subscriptions.get(id);
    } catch (error) {
      if (error instanceof ProblemError) await this.#parts.storage.coordination.remove(id);
      throw error;
    }
  }

  /** A committed position behind the end of the log cannot be read from; one before its oldest event can (protocol 3.2). */
  async #demandReadable(subscription: Subscription, eventTypes: readonly StoredEventType[], id: string): Promise<void> {
    const { coordination, log } = this.#parts.storage;
    const current = await coordination.group(subscription.id);
    const progress = await coordination.progress(subscription.id);
    const mine = current?.group.topology.filter(({ session, next }) => session === id && next === null) ?? [];
    const bounds = new Map(
      await Promise.all(eventTypes.map(async (one) => [one.eventType.name, await timelineBounds(log, one)] as const)),
    );
    for (const { partition: key } of mine) {
      const { eventType, partition } = splitKey(key);
      const at = progress.get(key)?.at;
      const all = bounds.get(eventType);
      if (!at || !all || at.order === 0) continue;
      const oldest = all.find(({ timeline }) => timeline.order === at.order)?.bounds[partition]?.oldest ?? 0;
      try {
        demandReadable(eventType, all, partition, { order: at.order, number: Math.max(at.number, oldest - 1) });
      } catch (error) {
        throw error instanceof CursorError ? new ProblemError(412, error.message) : error;
      }
    }
  }
}

function partitionKeys(eventTypes: readonly StoredEventType[]): ReadonlySet<PartitionKey> {
  return new Set(
    eventTypes.flatMap(({ eventType, partitions }) =>
      Array.from({ length: partitions }, (_, partition): PartitionKey => `${eventType.name}:${partition}`),
    ),
  );
}
