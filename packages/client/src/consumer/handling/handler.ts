/**
 * The handler that a program passes to a consumer, for batches or for single events, and the outcomes it may return.
 * @pure
 */
import type { DeliveredMetadata, EventTypePartition } from "nakadi-protocol";
import type { Logger } from "../../observability/logger.ts";
import type { StreamCursor } from "../../stream/batch.ts";

/**
 * The outcome of a batch, or of a part where the batch is handled in parts:
 * - `undefined`: it is done, and the commit strategy decides when it is committed
 * - `commit`: it is done and committed as soon as everything before it is
 * - `hold`: it is done, but does not cause a commit; the next commit of the lane covers it, a stop does not commit it
 * - `stop`: it is done, and the consumer stops
 */
export type HandlerOutcome = void | "commit" | "hold" | "stop";

/** An event as a server delivers it: those of the categories `business` and `data` have metadata, those of `undefined` have none. */
export type Delivered<E> = E & { readonly metadata?: DeliveredMetadata };

/** The events of a batch, or of a part that is handled alone. */
export interface HandlerBatch<E> {
  /** The position of the whole batch. */
  readonly cursor: StreamCursor;
  /** The stream that it came from. */
  readonly streamId: string;
  readonly events: readonly Delivered<E>[];
  /** The bytes of each event as the server sent them, so that forwarded numbers keep every digit. Computed on access. */
  readonly raws: readonly Uint8Array[];
}

export interface HandlerContext {
  /** The event type and partition. */
  readonly lane: EventTypePartition;
  /** 1 for the first attempt. Counts on across sessions while the same batch is redelivered. */
  readonly attempt: number;
  /**
   * Aborted when the session or lane is lost, the deadline has passed, or the time to stop is over. A later outcome does not
   * count: the events are redelivered.
   */
  readonly signal: AbortSignal;
  /**
   * Aborted when a stop was requested. The outcome still counts for `drainMs`: a long handler can end at a convenient point, or
   * throw so that its events are redelivered.
   */
  readonly stopping: AbortSignal;
  /** The position of the whole batch. */
  readonly cursor: StreamCursor;
  /** The logger of the client; each line names lane and offset. */
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

/** Creates the handler of a lane for its first batch in each session, so a handler may keep state of its lane. */
export type HandlerFactory<E> = (lane: EventTypePartition) => Handler<E>;
