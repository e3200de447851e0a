/** Subscriptions, their positions and statistics (protocol 2). */
import type {
  AuthorizationAttribute,
  Cursor,
  Subscription,
  SubscriptionCursor,
  SubscriptionEventTypeStats,
  SubscriptionRequest,
} from "nakadi-protocol";
import { CursorResetError, HttpError, ProtocolError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { pathOf, queryOf } from "../transport/base-url.ts";
import { attributeText } from "./attribute-text.ts";
import type { CallOptions, JsonApi } from "./json-api.ts";

export interface EnsureOptions extends CallOptions {
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

/** All methods throw HttpError, TransportError, TimeoutError or ProtocolError. */
export class Subscriptions {
  readonly #api: JsonApi;
  readonly #logger: Logger;

  constructor(api: JsonApi, logger: Logger) {
    this.#api = api;
    this.#logger = logger;
  }

  /** Creates the subscription, or finds the one with the same owner, group and event types, which stays as it is. */
  async create(request: SubscriptionRequest, options?: CallOptions): Promise<Subscription> {
    return (await this.#create(request, options)).subscription;
  }

  /** As `create`, and a new subscription begins where the log ends right now, not where it ends at its first stream. */
  async ensure(request: SubscriptionRequest, { pin = true, ...options }: EnsureOptions = {}): Promise<Subscription> {
    const { created, subscription } = await this.#create(request, options);
    if (created && pin) await this.#pin(subscription.id, options);
    return subscription;
  }

  async get(id: string, options?: CallOptions): Promise<Subscription> {
    return this.#api.get(pathOf("subscriptions", id), options);
  }

  /** All that match, newest first, page by page. One that comes or goes meanwhile may shift another out of, or into, sight twice. */
  list({ owningApplication, eventTypes, reader, status, ...options }: SubscriptionListOptions = {}): AsyncGenerator<
    Subscription,
    void,
    undefined
  > {
    const query = {
      owning_application: owningApplication,
      event_type: eventTypes,
      reader: reader && attributeText("options.reader", reader),
      show_status: status,
    };
    return this.#api.pages("/subscriptions", query, options);
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

  /** Sets positions, back or forth. Open streams are ended first; the server waits up to a minute for their commits. */
  async resetCursors(id: string, cursors: readonly SubscriptionCursor[], options?: CallOptions): Promise<void> {
    try {
      await this.#api.send("PATCH", pathOf("subscriptions", id, "cursors"), { items: cursors }, options);
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
