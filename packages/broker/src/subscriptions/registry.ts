/**
 * Subscriptions as resources (protocol 2.2 to 2.7). Metadata kinds: `subscription` by id, and `subscription-key`, which
 * makes their keys unique.
 */
import { createHash } from "node:crypto";
import type { Clock, Subscription } from "nakadi-protocol";
import { eachRecord } from "nakadi-storage";
import type { CoordinationPort, LogPort, MetadataPort, Versioned, Write } from "nakadi-storage";
import { type Access, eventTypeResource } from "../authorization/authorizer.ts";
import { demandNoDuplicates } from "../authorization/section.ts";
import { EVENT_TYPE_KIND, type EventTypes } from "../event-types/catalogue.ts";
import type { StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import type { Features } from "../settings/features.ts";
import { demandInitialCursors } from "./initial-cursors.ts";
import { subscriptionKey, subscriptionRequest } from "./subscription-request.ts";
import { updatedSubscription } from "./subscription-update.ts";

const SUBSCRIPTION = "subscription";
const KEY = "subscription-key";

export interface RegistryParts {
  metadata: MetadataPort;
  snapshots: Snapshots;
  coordination: CoordinationPort;
  log: LogPort;
  eventTypes: EventTypes;
  features: Features;
  limits: Limits;
  clock: Clock;
  uuid: () => string;
}

export class Subscriptions {
  readonly #parts: RegistryParts;
  #lastStore: Promise<unknown> = Promise.resolve();

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /**
   * Creates the subscription, or finds the one with the same key.
   * @throws {ProblemError} 409 if a concurrent request creates it; 400, 403, 422; 503 if a feature forbids it
   * @throws {ValidationError}
   */
  async createOrFind(body: unknown, access: Access): Promise<{ created: boolean; subscription: Subscription }> {
    const request = subscriptionRequest(body);
    const key = createHash("sha256").update(subscriptionKey(request)).digest("hex");
    const existing = await this.#findByKey(key);
    if (existing) return { created: false, subscription: existing };
    const { features, limits, log, metadata, snapshots } = this.#parts;
    const at = await snapshots.take();
    if (await features.isEnabled("disable_subscription_creation", at)) {
      throw new ProblemError(503, "Subscription creation is temporarily unavailable");
    }
    await features.demandAuthorization("force_subscription_authz", request.authorization, at);
    await features.demandWritable(at);
    const eventTypes = (await this.#eventTypeRecords(request.event_types)).map(({ value }) => value);
    for (const { eventType } of eventTypes) await access.demand("VIEW", eventTypeResource(eventType));
    await demandInitialCursors(log, request, eventTypes, limits.maxSubscriptionPartitions);
    demandNoDuplicates(request.authorization);
    const now = new Date(this.#parts.clock.wallMs()).toISOString();
    const subscription: Subscription = { ...request, id: this.#parts.uuid(), created_at: now, updated_at: now };
    while ((await this.#inTurn(() => this.#store(key, subscription))) === "conflict") {
      if (await metadata.get(KEY, key))
        throw new ProblemError(409, "Subscription with the same key properties already exists");
    }
    return { created: true, subscription };
  }

  /** @throws {ProblemError} 404 */
  async get(id: string): Promise<Subscription> {
    return (await this.#stored(id)).value;
  }

  /** The subscription's event types, in the order of their names. @throws {ProblemError} 404 if one is deleted */
  async eventTypesOf({ event_types }: Subscription, at?: Snapshot): Promise<StoredEventType[]> {
    const snapshot = at ?? (await this.#parts.snapshots.take());
    return Promise.all(event_types.map((name) => this.#parts.eventTypes.get(name, snapshot)));
  }

  /**
   * Changes the authorization, annotations and labels of the subscription.
   * @throws {ProblemError} 400, 404, 422
   * @throws {ValidationError}
   */
  async update(id: string, body: unknown): Promise<{ before: Subscription; after: Subscription }> {
    for (;;) {
      const stored = await this.#stored(id);
      const value = updatedSubscription(stored.value, body, new Date(this.#parts.clock.wallMs()).toISOString());
      await this.#parts.features.demandAuthorization("force_subscription_authz", value.authorization ?? null);
      const write = { kind: SUBSCRIPTION, id, expect: stored.version, value };
      if ((await this.#parts.metadata.write([write])) === "written") return { before: stored.value, after: value };
    }
  }

  /** All subscriptions, in no order. */
  async list(): Promise<Subscription[]> {
    const all: Subscription[] = [];
    for await (const { value } of eachRecord<Subscription>(this.#parts.metadata, SUBSCRIPTION)) all.push(value);
    return all;
  }

  /** The subscriptions that read the event type. */
  async of(eventType: string): Promise<Subscription[]> {
    return (await this.list()).filter(({ event_types }) => event_types.includes(eventType));
  }

  /**
   * Deletes the record before the state, so that a crash in between leaves state without a subscription, never the reverse.
   * @throws {ProblemError} 404
   */
  async delete(id: string): Promise<void> {
    const { metadata, coordination } = this.#parts;
    for (;;) {
      const stored = await this.#stored(id);
      const key = createHash("sha256")
        .update(subscriptionKey({ ...stored.value }))
        .digest("hex");
      const unique = await metadata.get<string>(KEY, key);
      const writes: Write[] = [{ kind: SUBSCRIPTION, id, expect: stored.version, remove: true }];
      if (unique?.value === id) writes.push({ kind: KEY, id: key, expect: unique.version, remove: true });
      if ((await metadata.write(writes)) === "written") break;
    }
    await coordination.remove(id);
  }

  async #stored(id: string): Promise<Versioned<Subscription>> {
    const found = await this.#parts.metadata.get<Subscription>(SUBSCRIPTION, id);
    if (!found) throw noSuchSubscription(id);
    return found;
  }

  async #findByKey(key: string): Promise<Subscription | undefined> {
    const id = await this.#parts.metadata.get<string>(KEY, key);
    return id && (await this.#parts.metadata.get<Subscription>(SUBSCRIPTION, id.value))?.value;
  }

  /** Fails unless its event types exist. @throws {ProblemError} 422 */
  async #store(key: string, subscription: Subscription): Promise<"written" | "conflict"> {
    const records = await this.#eventTypeRecords(subscription.event_types);
    return this.#parts.metadata.write([
      { kind: KEY, id: key, expect: "absent", value: subscription.id },
      { kind: SUBSCRIPTION, id: subscription.id, expect: "absent", value: subscription },
      ...records.map(unchanged),
    ]);
  }

  /** Runs one creation after the other: concurrent ones of one node would only conflict. */
  #inTurn<T>(store: () => Promise<T>): Promise<T> {
    const stored = this.#lastStore.then(store);
    this.#lastStore = stored.catch(() => undefined);
    return stored;
  }

  async #eventTypeRecords(names: readonly string[]): Promise<Versioned<StoredEventType>[]> {
    const found = await Promise.all(names.map((name) => this.#parts.eventTypes.findRecord(name)));
    const missing = names.filter((_, index) => !found[index]);
    if (missing.length === 0) return found.filter((record) => record !== undefined);
    const list = missing.map((name) => `'${name}'`).join(", ");
    throw new ProblemError(422, `Failed to create subscription, event type(s) not found: ${list}`);
  }
}

/** Rewrites the event type unchanged, so that a concurrent deletion conflicts and checks its subscriptions again. */
function unchanged({ value, version }: Versioned<StoredEventType>): Write {
  return { kind: EVENT_TYPE_KIND, id: value.eventType.name, expect: version, value, unchanged: true };
}

export function noSuchSubscription(id: string): ProblemError {
  return new ProblemError(404, `Subscription with id "${id}" does not exist`);
}
