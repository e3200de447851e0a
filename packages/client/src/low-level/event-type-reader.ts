/** Everything that reads event types without a subscription, over one client. */
import type { Clock, PartitionCursor } from "nakadi-protocol";
import type { EventTypes } from "../admin/event-types.ts";
import type { Logger } from "../observability/logger.ts";
import { tellObserver } from "../observability/observer.ts";
import type { UnreadableEventError } from "../errors/nakadi-error.ts";
import { text } from "../options/checks.ts";
import type { BatchStream } from "../stream/batch-stream.ts";
import { parsedEvents, UNREADABLE } from "../stream/event-parsing.ts";
import type { HttpPipeline } from "../transport/http-pipeline.ts";
import { EventTypeBatchStream } from "./event-type-stream.ts";
import { type LagOptions, lagOfCursors, type PartitionLag } from "./lag.ts";
import { checkedPosition, type LogPosition } from "./log-position.ts";
import { type EventTypeStreamOptions, eventTypeStreamSettings } from "./options.ts";
import { type PositionOptions, type PositionParts, positionsOf } from "./positions.ts";
import { type Found, search, type SearchOptions } from "./search.ts";

export interface EventTypeReaderParts {
  pipeline: HttpPipeline;
  eventTypes: EventTypes;
  /** The same, each request tried once: a stream that is being opened is tried again as a whole. */
  eventTypesOnce: EventTypes;
  clock: Clock;
  random: () => number;
  logger: Logger;
  headTimeoutMs: number;
  /** Open streams. */
  open: Set<{ close(): Promise<void> }>;
}

const SEARCH_FAILED = "search observer failed";

export class EventTypeReader {
  readonly #parts: EventTypeReaderParts;
  readonly #positionParts: PositionParts;

  constructor(parts: EventTypeReaderParts) {
    this.#parts = parts;
    this.#positionParts = { eventTypes: parts.eventTypes, eventAfter: (...what) => this.#eventAfter(...what) };
  }

  stream<E>(eventType: string, options: EventTypeStreamOptions): BatchStream<E> {
    const { open, ...common } = this.#parts;
    const stream = new EventTypeBatchStream<E>({
      ...common,
      eventType: text("eventType", eventType),
      settings: eventTypeStreamSettings(options),
      positionsOf: (name, at, positionOptions) => positionsOf(this.#positionParts, name, at, positionOptions),
      done: () => open.delete(stream),
    });
    open.add(stream);
    return stream;
  }

  async positions(eventType: string, at: LogPosition, options?: PositionOptions): Promise<PartitionCursor[]> {
    return positionsOf(this.#positionParts, text("eventType", eventType), checkedPosition("at", at), options);
  }

  search<E>(
    eventType: string,
    matches: (event: E, raw: Uint8Array) => boolean,
    options: SearchOptions,
  ): AsyncGenerator<Found<E>, void, undefined> {
    const parts = {
      eventTypes: this.#parts.eventTypes,
      stream: <T>(name: string, streamOptions: EventTypeStreamOptions) => this.stream<T>(name, streamOptions),
      tell: (call: () => unknown) => tellObserver(call, (error) => this.#parts.logger.error({ error }, SEARCH_FAILED)),
      warn: (error: UnreadableEventError) =>
        this.#parts.logger.warn({ error }, "searched event is not JSON and matches nothing"),
    };
    return search(parts, text("eventType", eventType), matches, options);
  }

  async lag(eventType: string, cursors: readonly PartitionCursor[], options?: LagOptions): Promise<PartitionLag[]> {
    const { clock } = this.#parts;
    return lagOfCursors({ ...this.#positionParts, nowMs: () => clock.wallMs() }, eventType, cursors, options);
  }

  /** The first event that is JSON: one that is not cannot say when it came. The stream ends with it, or where there is none. */
  async #eventAfter(
    eventType: string,
    cursor: PartitionCursor,
    end: PartitionCursor,
    signal: AbortSignal,
  ): Promise<unknown> {
    const stream = this.stream(eventType, { from: [cursor], until: [end], batchLimit: 1, streamLimit: 1 });
    try {
      for (;;) {
        const batch = await stream.nextBatch({ signal });
        const readable = batch && parsedEvents(batch.raw).find((event) => event !== UNREADABLE);
        if (!batch || readable !== undefined) return readable;
      }
    } finally {
      await stream.close();
    }
  }
}
