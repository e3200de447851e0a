/** All open subscription streams of this node: opening, hints, stopping (protocol 3.1). */
import { randomUUID } from "node:crypto";
import type { Clock, Subscription } from "nakadi-protocol";
import type { PartitionKey, Storage } from "nakadi-storage";
import { type Access, eventTypeResource, subscriptionResource } from "../../authorization/authorizer.ts";
import type { EventTypes } from "../../event-types/catalogue.ts";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import type { Limits } from "../../limits.ts";
import { CursorError } from "../../positions/cursor-position.ts";
import type { Snapshot, Snapshots } from "../../metadata-snapshot.ts";
import { type NodeMembership, notAMember, type Stay } from "../../node-membership.ts";
import { brokerStops, ProblemError } from "../../problems.ts";
import type { Reports } from "../../reports/reports.ts";
import type { ConsumerGate } from "../../settings/consumer-gate.ts";
import { deadLetterRules } from "../../dead-letters/dead-letter-annotations.ts";
import { initialise } from "../../subscriptions/initialise.ts";
import type { Subscriptions } from "../../subscriptions/registry.ts";
import type { DeadLetterQueue } from "../../dead-letters/dead-letter-queue.ts";
import { joinGroup, leaveGroup } from "../../group/group-changes.ts";
import { requestedPartitions, type SubscriptionStreamRequest } from "../stream-parameters.ts";
import { SubscriptionSession } from "../session/subscription-session.ts";
import { SubscriptionStream } from "./subscription-stream.ts";
import { isResetting, longestResetMs } from "../../subscriptions/reset-mark.ts";

export interface StreamsParts {
  membership: Pick<NodeMembership, "stay">;
  snapshots: Snapshots;
  storage: Storage;
  subscriptions: Subscriptions;
  eventTypes: EventTypes;
  deadLetters: DeadLetterQueue;
  gate: ConsumerGate;
  reports: Reports;
  access: Access;
  limits: Limits;
  clock: Clock;
  onError: (error: unknown) => void;
}

export class SubscriptionStreams {
  readonly #parts: StreamsParts;
  readonly #open = new Map<string, Set<SubscriptionStream>>();
  readonly #hints: Disposable;
  #stopped = false;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
    this.#hints = parts.gate.onChange(() => void this.#closeBlocked());
  }

  /**
   * A session with its partitions, ready to `start`. The caller starts or stops it.
   * @throws {ProblemError} 403, 404, 409, 412, 422; 503 while this node holds no lease or the broker stops
   */
  async open(subscriptionId: string, { settings, partitions }: SubscriptionStreamRequest): Promise<SubscriptionStream> {
    const { storage, snapshots, subscriptions, limits, clock, gate } = this.#parts;
    if (this.#stopped) throw brokerStops();
    const stay = this.#parts.membership.stay();
    const at = await snapshots.take();
    const subscription = await subscriptions.get(subscriptionId);
    await gate.demandStream(subscription.event_types, at);
    const eventTypes = await subscriptions.eventTypesOf(subscription, at);
    const known = partitionKeys(eventTypes);
    const requested = requestedPartitions(partitions, known);
    await this.#demandReader(subscription, eventTypes);
    await initialise({ log: storage.log, coordination: storage.coordination }, subscription, eventTypes);
    const id = randomUUID();
    const session = { id, node: stay.name, requested, commitTimeoutMs: settings.commitTimeoutMs };
    const longestMs = longestResetMs(limits);
    const isMarked = (untilMs: number | null): boolean => isResetting(untilMs, clock.wallMs(), longestMs);
    await joinGroup(storage.coordination, subscriptionId, session, isMarked);
    const nowMs = clock.monotonicMs();
    const stream = new SubscriptionStream({
      id,
      subscription: subscriptionId,
      eventTypes: subscription.event_types,
      session: new SubscriptionSession(settings, {
        maxBufferBytes: limits.maxStreamBufferBytes,
        autocommitMs: limits.autocommitMs,
        nowMs,
      }),
      storage,
      clock,
      pollMs: limits.streamPollMs,
      longestResetMs: longestMs,
      snapshots,
      eventType: (name, now) => this.#readable(name, subscription, now),
      stay,
      deadLetterRules: deadLetterRules(subscription.annotations ?? {}),
      deadLetters: this.#parts.deadLetters,
      batchLimit: settings.batchLimit,
      report: this.#parts.reports.stream("hila", subscriptionId),
      onError: this.#parts.onError,
    });
    this.#add(stream);
    try {
      // The end of all streams may have missed this one.
      if (this.#stopped) throw brokerStops();
      await this.#demandNotDeleted(subscriptionId);
      await stream.settle();
      await this.#demandAlive(subscriptionId, id, stay);
      // A block since the first check has closed only streams that were open.
      await gate.demandStream(subscription.event_types);
    } catch (error) {
      stream.abandon();
      await leaveGroup(storage.coordination, subscriptionId, id);
      throw error instanceof CursorError ? new ProblemError(412, error.message) : error;
    }
    return stream;
  }

  /** @throws {ProblemError} 403 */
  async #demandReader(subscription: Subscription, eventTypes: readonly StoredEventType[]): Promise<void> {
    const { access } = this.#parts;
    await access.demand("VIEW", subscriptionResource(subscription));
    await access.demand("READ", subscriptionResource(subscription));
    for (const { eventType } of eventTypes) await access.demand("READ", eventTypeResource(eventType));
  }

  /** @throws {ProblemError} 404; 403 for one of the subscription's own that may not be read */
  async #readable(name: string, { event_types: own }: Subscription, at: Snapshot): Promise<StoredEventType> {
    const stored = await this.#parts.eventTypes.get(name, at);
    if (own.includes(name)) await this.#parts.access.demand("READ", eventTypeResource(stored.eventType));
    return stored;
  }

  /** Ends all streams at once, opens none and takes no hints any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#hints[Symbol.dispose]();
    await this.endAll();
  }

  /** Ends all streams at once. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#open.values()].flatMap((streams) => [...streams].map((stream) => stream.stop())));
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

  /** The engine decides, as its clock may run ahead of this node's. @throws {ProblemError} 503 */
  async #demandAlive(subscription: string, session: string, stay: Stay): Promise<void> {
    const current = await this.#parts.storage.coordination.group(subscription);
    stay.demandSafe();
    if (current && !current.alive.has(session)) throw notAMember();
  }

  /** Removes the group of a subscription that was deleted while the group was created. @throws {ProblemError} 404 */
  async #demandNotDeleted(id: string): Promise<void> {
    try {
      await this.#parts.subscriptions.get(id);
    } catch (error) {
      if (error instanceof ProblemError) await this.#parts.storage.coordination.remove(id);
      throw error;
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
