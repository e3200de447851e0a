/** Event types, their partitions, and operations on positions (protocol 5.2, 5.7, 5.8). */
import type {
  AuthorizationAttribute,
  CursorDistance,
  CursorLag,
  CursorPair,
  CursorShift,
  EventType,
  Partition,
  PartitionCursor,
} from "nakadi-protocol";
import { HttpError, ProtocolError } from "../errors/nakadi-error.ts";
import { requiredWholeNumber, text } from "../options/checks.ts";
import { pathOf, queryOf } from "../transport/base-url.ts";
import { attributeText } from "./attribute-text.ts";
import { type Difference, differenceOf, merged } from "./difference.ts";
import type { Listing } from "./listing.ts";
import { foundOrNot, type CallOptions, type JsonApi } from "./json-api.ts";
import type { Try, WaitOptions } from "./waiting.ts";

export interface EventTypeListOptions extends CallOptions {
  owningApplication?: string;
  /** Only event types with this attribute among their writers. */
  writer?: AuthorizationAttribute;
}

/** All methods throw ConfigError, HttpError, TransportError, TimeoutError or ProtocolError. */
export class EventTypes {
  readonly #api: JsonApi;

  constructor(api: JsonApi) {
    this.#api = api;
  }

  /** Rejects with status 409 if the name exists, with 422 if the server finds the event type invalid. */
  async create(eventType: EventType, options?: CallOptions): Promise<void> {
    await this.#api.send("POST", "/event-types", eventType, options);
  }

  /** The event type, including members that this package does not know. */
  async get(name: string, options?: CallOptions): Promise<EventType> {
    return this.#api.get(pathOf("event-types", name), options);
  }

  /** All event types in the order of their names, without pages. */
  list({ owningApplication, writer, ...options }: EventTypeListOptions = {}): Listing<EventType> {
    const query = { owning_application: owningApplication, writer: writer && attributeText("options.writer", writer) };
    return this.#api.whole(`/event-types${queryOf(query)}`, options);
  }

  /**
   * Replaces the event type of that name. Pass the whole result of `get`: missing members get their defaults, except annotations,
   * labels, options and statistics, which stay. Rejects with 422 for a change that is not permitted (protocol 5.2.4).
   */
  async update(eventType: EventType, options?: CallOptions): Promise<void> {
    await this.#api.send("PUT", pathOf("event-types", eventType.name), eventType, options);
  }

  /**
   * Creates the event type, or updates the members that differ from the wanted ones; members that are not mentioned stay. Schemas
   * are compared as documents. Rejects with 422 for a change that is not permitted (protocol 5.2.4).
   * @param options.dryRun changes nothing and returns the difference
   * @param options.retry how long to wait for an unavailable server
   */
  ensure(eventType: EventType, options: WaitOptions & { dryRun: true }): Promise<Difference>;
  ensure(eventType: EventType, options?: WaitOptions & { dryRun?: false }): Promise<EventType>;
  async ensure(
    wanted: EventType,
    { dryRun = false, retry, ...options }: WaitOptions & { dryRun?: boolean } = {},
  ): Promise<EventType | Difference> {
    return this.#api.whenThere(retry, options, async (one) => this.#ensure(wanted, dryRun, one, options));
  }

  async #ensure(wanted: EventType, dryRun: boolean, one: Try, options: CallOptions): Promise<EventType | Difference> {
    const current = await foundOrNot(this.get(wanted.name, options));
    one.answered();
    if (dryRun) return differenceOf(current, wanted);
    if (current) return this.#change(current, wanted, options);
    try {
      await this.create(wanted, options);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 409) throw error;
      // Another client may have created it after the `get`.
      const theirs = await foundOrNot(this.get(wanted.name, options));
      if (!theirs) throw error;
      return this.#change(theirs, wanted, options);
    }
    return this.get(wanted.name, options);
  }

  /** Deletes the event type and its events. Rejects with 409 while subscriptions read it. */
  async delete(name: string, options?: CallOptions): Promise<void> {
    await this.#api.send("DELETE", pathOf("event-types", name), undefined, options);
  }

  /**
   * The readable range of each partition, in the order of their numbers.
   * @param options.cursors adds `unconsumed_events`, the number of events after the cursor, to these partitions
   */
  async partitions(
    name: string,
    { cursors, ...options }: CallOptions & { cursors?: readonly PartitionCursor[] } = {},
  ): Promise<Partition[]> {
    const query = queryOf({ cursors: cursors && JSON.stringify(cursors.map(partitionCursor)) });
    const partitions = await this.#api.list<Partition>(pathOf("event-types", name, "partitions") + query, options);
    return partitions.sort((a, b) => a.partition.localeCompare(b.partition, "en", { numeric: true }));
  }

  /** @param options.consumedOffset adds `unconsumed_events`, the number of events after this offset; may be `BEGIN` */
  async partition(
    name: string,
    partition: string,
    { consumedOffset, ...options }: CallOptions & { consumedOffset?: string } = {},
  ): Promise<Partition> {
    const path = pathOf("event-types", name, "partitions", partition);
    return this.#api.get(path + queryOf({ consumed_offset: consumedOffset }), options);
  }

  /**
   * Adds partitions; they cannot be removed. All streams of the event type's subscriptions end, so this may take as long as a commit
   * timeout. With the strategy `hash`, keys map to other partitions than before. For Nakadi's admins.
   */
  async setPartitionCount(name: string, count: number, options?: CallOptions): Promise<void> {
    const partition_count = requiredWholeNumber("count", count, { min: 1 });
    await this.#api.send("PUT", pathOf("event-types", name, "partition-count"), { partition_count }, options);
  }

  /** Numbers of offsets between pairs of positions, in the order of the pairs. */
  async distances(name: string, pairs: readonly CursorPair[], options?: CallOptions): Promise<CursorDistance[]> {
    const asked = pairs.map(({ initial_cursor, final_cursor }) => ({
      initial_cursor: partitionCursor(initial_cursor),
      final_cursor: partitionCursor(final_cursor),
    }));
    return this.#operation(name, "cursor-distances", asked, options);
  }

  /** Positions moved by `shift` offsets, in their order; negative moves back. Rejects with 422 before the first event. */
  async shift(name: string, cursors: readonly CursorShift[], options?: CallOptions): Promise<PartitionCursor[]> {
    const asked = cursors.map(({ shift = 0, ...cursor }) => ({ ...partitionCursor(cursor), shift }));
    return this.#operation(name, "shifted-cursors", asked, options);
  }

  /** The lag of positions behind the newest event, in their order. */
  async lag(name: string, cursors: readonly PartitionCursor[], options?: CallOptions): Promise<CursorLag[]> {
    return this.#operation(name, "cursors-lag", cursors.map(partitionCursor), options);
  }

  async #change(current: EventType, wanted: EventType, options: CallOptions): Promise<EventType> {
    if (differenceOf(current, wanted).action === "none") return current;
    await this.update(merged(current, wanted), options);
    return this.get(wanted.name, options);
  }

  async #operation<T>(
    name: string,
    operation: string,
    asked: readonly object[],
    options: CallOptions | undefined,
  ): Promise<T[]> {
    if (asked.length === 0) return [];
    const path = pathOf("event-types", name, operation);
    const answers = await this.#api.ask<T[]>(path, asked, options);
    if (Array.isArray(answers) && answers.length === asked.length) return answers;
    throw new ProtocolError("the response does not have one item per cursor", { request: `POST ${path}` });
  }
}

/** Only these two members, so that cursors of batches can be passed unchanged. */
function partitionCursor(cursor: PartitionCursor): PartitionCursor {
  return { partition: text("cursor.partition", cursor.partition), offset: text("cursor.offset", cursor.offset) };
}
