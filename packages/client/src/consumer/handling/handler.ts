/**
 * What a program gives a consumer: a handler, for batches or for single events, and what the handler may answer.
 * @pure
 */
import type { DeliveredMetadata, EventTypePartition } from "nakadi-protocol";
import type { Logger } from "../../observability/logger.ts";
import type { StreamCursor } from "../../stream/batch.ts";

/**
 * What became of a batch (of a part of it, where it is handled in parts):
 * - nothing: it is done, and the commit strategy decides when that is committed
 * - `commit`: it is done and committed as soon as everything before it is
 * - `hold`: it is done, but is no reason to commit; the lane's next commit covers it, and a stop does not
 * - `stop`: it is done, and the consumer stops
 */
export type HandlerOutcome = void | "commit" | "hold" | "stop";

/** An event as a server delivers it: those of the categories `business` and `data` have metadata, those of `undefined` have none. */
export type Delivered<E> = E & { readonly metadata?: DeliveredMetadata };

/** The events of a batch, or those of them that are handled together. */
export interface HandlerBatch<E> {
  /** The position of the whole batch. */
  readonly cursor: StreamCursor;
  /** The stream that it came from. */
  readonly streamId: string;
  readonly events: readonly Delivered<E>[];
  /** The bytes of each event, as the server sent them: whoever hands them on loses no digit. Found when asked for. */
  readonly raws: readonly Uint8Array[];
}

export interface HandlerContext {
  /** The event type and partition. */
  readonly lane: EventTypePartition;
  /** 1 for the first try, also across sessions as long as the same batch comes again. */
  readonly attempt: number;
  /**
   * Aborted at once when the session or the lane is gone, the deadline has passed or the time to stop is over. What a
   * handler returns afterwards does not count: the events come again.
   */
  readonly signal: AbortSignal;
  /**
   * Aborted at once when a stop was asked for. There is time left, `drainMs`, and what a handler returns still counts: one
   * that takes long can end at a good place, or throw so that its events come again.
   */
  readonly stopping: AbortSignal;
  /** The position of the whole batch. */
  readonly cursor: StreamCursor;
  /** The client's logger, which names lane and offset each time. */
  readonly log: Logger;
  /** As the outcome `commit`, without ending the handler. The one way to commit with the strategy `manual`. */
  commit(): void;
}

type Answer = HandlerOutcome | Promise<HandlerOutcome>;

/** One of the two. Never called twice at the same time for a lane, or for a key of a lane where there is `key`. */
export interface Handler<E> {
  onBatch?: (batch: HandlerBatch<E>, context: HandlerContext) => Answer;
  onEvent?: (event: Delivered<E>, context: HandlerContext) => Answer;
}

/** Makes the handler of a lane when its first batch comes; again in each session, so that it may keep state of a lane. */
export type HandlerFactory<E> = (lane: EventTypePartition) => Handler<E>;
