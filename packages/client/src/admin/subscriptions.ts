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
   * Whether a new subscription's positions are fixed at once. Default true: with `read_from: "end"` everything that is
   * published before its first stream would be lost otherwise (protocol 8.1).
   */
  pin?: boolean;
}

export interface SubscriptionListOptions extends CallOptions {
  owningApplication?: string;
  /** Subscriptions that contain all of them. */
  eventTypes?: readonly string[];
  /** Those that name this attribute among their readers. */
  reader?: AuthorizationAttribute;
  /** Whether each says in `status` who reads what. Default false. */
  status?: boolean;
}

/** Who knows where in a log a place is. */
interface Places {
  positions(eventType: string, at: LogPosition, options?: CallOptions): Promise<PartitionCursor[]>;
}

/** All methods throw HttpError, TransportError, TimeoutError or ProtocolError. */
export class Subscriptions {
  readonly #api: JsonApi;
  readonly #logger: Logger;
  readonly #places: Places;

  constructor(api: JsonApi, logger: Logger, places: Places) {
    this.#api = api;
    this.#logger = logger;
    this.#places = places;
  }

  /** Creates the subscription, or finds the one with the same owner, group and event types, which stays as it is. */
  async create(request: SubscriptionRequest, options?: CallOptions): Promise<Subscription> {
    return (await this.#create(request, options)).subscription;
  }

  /**
   * Creates the subscription, or changes the one with the same owner, group and event types in what differs from what is
   * wanted; what is not mentioned stays. A new one begins where the log ends right now, not where it ends at its first stream.
   * Rejects with 422 for what cannot change: where it begins.
   * @param options.dryRun nothing is changed; the result says what would be
   * @param options.retry how long a server that is not there is waited for
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
    // An earlier try may have created it, and its answer is lost.
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
   * All that match, page by page, in the order of their ids: what is there from the first page to the last comes once, whatever
   * comes and goes meanwhile. A server that knows no tokens goes by offset, newest first (protocol 2.6).
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
   * Replaces authorization, annotations and labels; nothing else may differ (422). Give all of it, as `get` has it: a member
   * that is left out counts as its default (protocol 2.5).
   */
  async update(subscription: Subscription, options?: CallOptions): Promise<void> {
    await this.#api.send("PUT", pathOf("subscriptions", subscription.id), subscription, options);
  }

  /** Its positions go with it. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("subscriptions", id), undefined, options);
  }

  /** Committed positions; empty before they are fixed. */
  async cursors(id: string, options?: CallOptions): Promise<Cursor[]> {
    return this.#api.items(pathOf("subscriptions", id, "cursors"), options);
  }

  /**
   * Sets positions, back or forth: to cursors of some or all partitions, or all event types to a place in their logs. Open
   * streams are ended first; the server waits up to a minute for their commits. Says which cursors were set.
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

  /** Who reads which partition, and how much is left; on request how old it is. */
  async stats(
    id: string,
    { timeLag, ...options }: CallOptions & { timeLag?: boolean } = {},
  ): Promise<SubscriptionEventTypeStats[]> {
    const path = pathOf("subscriptions", id, "stats") + queryOf({ show_time_lag: timeLag });
    return this.#api.items(path, options);
  }

  /** How far each partition is behind, in events and in time. */
  async lag(id: string, options?: CallOptions): Promise<PartitionLag[]> {
    return lagOfStats(await this.stats(id, { ...options, timeLag: true }));
  }

  /** The subscription of that identity: owner, group and event types (protocol 2.2). */
  async #find(wanted: SubscriptionRequest, options: CallOptions): Promise<Subscription | undefined> {
    const { owning_application: owningApplication, consumer_group = "default" } = wanted;
    const eventTypes = [...new Set(wanted.event_types)];
    for await (const one of this.list({ ...options, owningApplication, eventTypes })) {
      // The list has those with more event types as well.
      if (one.consumer_group === consumer_group && one.event_types.length === eventTypes.length) return one;
    }
    return undefined;
  }

  async #positions(id: string, to: LogPosition, options?: CallOptions): Promise<SubscriptionCursor[]> {
    const { event_types } = await this.get(id, options);
    const found: SubscriptionCursor[] = [];
    for (const event_type of event_types) {
      const cursors = await this.#places.positions(event_type, to, options);
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
    // 409: somebody else has just created it, so that a second attempt finds it (protocol 2.3).
    const { status, body } = await post().catch((error: unknown) => {
      if (error instanceof HttpError && error.status === 409) return post();
      throw error;
    });
    if (typeof body?.id !== "string") throw new ProtocolError("the answer is not a subscription");
    return { created: status === 201, subscription: body };
  }

  async #pin(id: string, options: CallOptions): Promise<void> {
    try {
      await this.resetCursors(id, [], options);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 403) throw error;
      this.#logger.warn({ subscription: id }, "the position of a new subscription could not be fixed: not allowed");
    }
  }
}

/** What differs there is another subscription. */
function withoutIdentity(wanted: SubscriptionRequest): Omit<SubscriptionRequest, "owning_application" | "event_types"> {
  const { owning_application: _owner, event_types: _types, consumer_group: _group, ...rest } = wanted;
  return rest;
}

function isCursors(to: readonly SubscriptionCursor[] | LogPosition): to is readonly SubscriptionCursor[] {
  return Array.isArray(to);
}
