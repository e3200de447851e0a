/** Subscriptions, their positions and statistics (protocol 2). */
import type {
  AuthorizationAttribute,
  Cursor,
  PartitionCursor,
  Subscription,
  SubscriptionCursor,
  SubscriptionEventTypeStats,
  SubscriptionRequest,
} from "nakadi-protocol";
import { CursorResetError, HttpError, ProtocolError } from "../errors/nakadi-error.ts";
import { lagOfStats, type PartitionLag } from "../low-level/lag.ts";
import type { LogPosition } from "../low-level/log-position.ts";
import type { Logger } from "../observability/logger.ts";
import { pathOf, queryOf } from "../transport/base-url.ts";
import { attributeText } from "./attribute-text.ts";
import { type Difference, differenceOf, merged } from "./difference.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";
import type { Listing } from "./listing.ts";
import type { Try, WaitOptions } from "./waiting.ts";

export interface EnsureOptions extends WaitOptions {
  /**
   * Whether a new subscription's positions are fixed at once. Default true: otherwise, with `read_from: "end"`, events that are
   * published before its first stream are skipped (protocol 8.1).
   */
  pin?: boolean;
}

export interface SubscriptionListOptions extends CallOptions {
  owningApplication?: string;
  /** Only subscriptions with all of these event types. */
  eventTypes?: readonly string[];
  /** Only subscriptions with this attribute among their readers. */
  reader?: AuthorizationAttribute;
  /** Whether each has `status`, the assignment of partitions to streams. Default false. */
  status?: boolean;
}

/** Finds the cursors of a position in a log. */
interface PositionFinder {
  positions(eventType: string, at: LogPosition, options?: CallOptions): Promise<PartitionCursor[]>;
}

/** All methods throw HttpError, TransportError, TimeoutError or ProtocolError. */
export class Subscriptions {
  readonly #api: JsonApi;
  readonly #logger: Logger;
  readonly #positionFinder: PositionFinder;

  constructor(api: JsonApi, logger: Logger, positionFinder: PositionFinder) {
    this.#api = api;
    this.#logger = logger;
    this.#positionFinder = positionFinder;
  }

  /** Creates the subscription, or returns the existing one with the same owner, group and event types unchanged. */
  async create(request: SubscriptionRequest, options?: CallOptions): Promise<Subscription> {
    return (await this.#create(request, options)).subscription;
  }

  /**
   * Creates the subscription, or updates the members of the one with the same owner, group and event types that differ; members that
   * are not mentioned stay. A new subscription begins at the current end of the log, not at the end at its first stream. Rejects with
   * 422 for another `read_from`, which cannot change.
   * @param options.dryRun changes nothing and returns the difference
   * @param options.retry how long to wait for an unavailable server
   */
  ensure(request: SubscriptionRequest, options: EnsureOptions & { dryRun: true }): Promise<Difference>;
  ensure(request: SubscriptionRequest, options?: EnsureOptions & { dryRun?: false }): Promise<Subscription>;
  async ensure(
    wanted: SubscriptionRequest,
    { pin = true, dryRun = false, retry, ...options }: EnsureOptions & { dryRun?: boolean } = {},
  ): Promise<Subscription | Difference> {
    return this.#api.whenThere(retry, options, async (one) =>
      dryRun ? this.#differenceOf(wanted, options) : this.#ensure(wanted, pin, one, options),
    );
  }

  async #differenceOf(wanted: SubscriptionRequest, options: CallOptions): Promise<Difference> {
    const current = await this.#find(wanted, options);
    return differenceOf(current, current ? withoutIdentity(wanted) : wanted);
  }

  async #ensure(wanted: SubscriptionRequest, pin: boolean, one: Try, options: CallOptions): Promise<Subscription> {
    const rest = withoutIdentity(wanted);
    const { created, subscription } = await this.#create(wanted, options);
    one.answered();
    // An earlier try may have created it although its response was lost.
    const isNew = created || (one.count > 1 && (await this.cursors(subscription.id, options)).length === 0);
    if (isNew && pin) await this.#pin(subscription.id, options);
    if (created || differenceOf(subscription, rest).action === "none") return subscription;
    await this.update(merged(subscription, rest), options);
    return this.get(subscription.id, options);
  }

  async get(id: string, options?: CallOptions): Promise<Subscription> {
    return this.#api.get(pathOf("subscriptions", id), options);
  }

  /**
   * The matching subscriptions, page by page, in the order of their ids. A subscription that exists from the first page to the last
   * is listed once, even if others are created or deleted. Servers without page tokens list by offset, newest first (protocol 2.6).
   */
  list({
    owningApplication,
    eventTypes,
    reader,
    status,
    ...options
  }: SubscriptionListOptions = {}): Listing<Subscription> {
    const query = {
      owning_application: owningApplication,
      event_type: eventTypes,
      reader: reader && attributeText("options.reader", reader),
      show_status: status,
    };
    return this.#api.pages("/subscriptions", query, { token: "new" }, options);
  }

  /**
   * Replaces authorization, annotations and labels; another difference is a 422. Pass the whole result of `get`: missing members get
   * their defaults (protocol 2.5).
   */
  async update(subscription: Subscription, options?: CallOptions): Promise<void> {
    await this.#api.send("PUT", pathOf("subscriptions", subscription.id), subscription, options);
  }

  /** Deletes the subscription and its positions. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("subscriptions", id), undefined, options);
  }

  /** Committed positions; empty before they are fixed. */
  async cursors(id: string, options?: CallOptions): Promise<Cursor[]> {
    return this.#api.items(pathOf("subscriptions", id, "cursors"), options);
  }

  /**
   * Sets the positions of some or all partitions to cursors, or of all event types to a position in their logs, backwards or
   * forwards. Open streams end first; the server waits up to a minute for their commits. Returns the cursors that were set.
   */
  async resetCursors(
    id: string,
    to: readonly SubscriptionCursor[] | Exclude<LogPosition, readonly PartitionCursor[]>,
    options?: CallOptions,
  ): Promise<SubscriptionCursor[]> {
    const items = isCursors(to) ? [...to] : await this.#positions(id, to, options);
    try {
      await this.#api.send("PATCH", pathOf("subscriptions", id, "cursors"), { items }, options);
      return items;
    } catch (error) {
      throw error instanceof HttpError && error.status === 409 ? new CursorResetError(error) : error;
    }
  }

  /** Per partition: its state, its stream and the number of unconsumed events. @param options.timeLag adds the lag in seconds */
  async stats(
    id: string,
    { timeLag, ...options }: CallOptions & { timeLag?: boolean } = {},
  ): Promise<SubscriptionEventTypeStats[]> {
    const path = pathOf("subscriptions", id, "stats") + queryOf({ show_time_lag: timeLag });
    return this.#api.items(path, options);
  }

  /** The lag of each partition, in events and in seconds. */
  async lag(id: string, options?: CallOptions): Promise<PartitionLag[]> {
    return lagOfStats(await this.stats(id, { ...options, timeLag: true }));
  }

  /** The subscription of that identity: owner, group and event types (protocol 2.2). */
  async #find(wanted: SubscriptionRequest, options: CallOptions): Promise<Subscription | undefined> {
    const { owning_application: owningApplication, consumer_group = "default" } = wanted;
    const eventTypes = [...new Set(wanted.event_types)];
    for await (const one of this.list({ ...options, owningApplication, eventTypes })) {
      // The list includes subscriptions with further event types.
      if (one.consumer_group === consumer_group && one.event_types.length === eventTypes.length) return one;
    }
    return undefined;
  }

  async #positions(id: string, to: LogPosition, options?: CallOptions): Promise<SubscriptionCursor[]> {
    const { event_types } = await this.get(id, options);
    const found: SubscriptionCursor[] = [];
    for (const event_type of event_types) {
      const cursors = await this.#positionFinder.positions(event_type, to, options);
      found.push(...cursors.map((cursor) => ({ event_type, ...cursor })));
    }
    return found;
  }

  async #create(
    request: SubscriptionRequest,
    options?: CallOptions,
  ): Promise<{ created: boolean; subscription: Subscription }> {
    const post = async (): Promise<{ status: number; body: Subscription | undefined }> =>
      this.#api.send<Subscription>("POST", "/subscriptions", request, options);
    // 409: another client has just created it; a second attempt finds it (protocol 2.3).
    const { status, body } = await post().catch((error: unknown) => {
      if (error instanceof HttpError && error.status === 409) return post();
      throw error;
    });
    if (typeof body?.id !== "string") throw new ProtocolError("the response is not a subscription");
    return { created: status === 201, subscription: body };
  }

  async #pin(id: string, options: CallOptions): Promise<void> {
    try {
      await this.resetCursors(id, [], options);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 403) throw error;
      this.#logger.warn({ subscription: id }, "position of the new subscription not fixed: access denied");
    }
  }
}

/** Without the members that identify a subscription. */
function withoutIdentity(wanted: SubscriptionRequest): Omit<SubscriptionRequest, "owning_application" | "event_types"> {
  const { owning_application: _owner, event_types: _types, consumer_group: _group, ...rest } = wanted;
  return rest;
}

function isCursors(to: readonly SubscriptionCursor[] | LogPosition): to is readonly SubscriptionCursor[] {
  return Array.isArray(to);
}
