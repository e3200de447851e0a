/**
 * Calls a handler with the events of a part and what it may know of them.
 * @pure
 */
import type { Logger } from "../../observability/logger.ts";
import type { StreamCursor } from "../../stream/batch.ts";
import type { Delivered, Handler, HandlerBatch, HandlerContext, HandlerOutcome } from "./handler.ts";
import type { RunSignals } from "./handler-run.ts";
import { laneOf } from "./lane.ts";
import { laneLogger } from "./lane-logger.ts";
import type { Parsed } from "../../stream/event-parsing.ts";
import { pick, rawsOf, type WorkPart } from "./work.ts";

/** @param all the events of the whole batch */
export function callHandler<E>(
  handler: Handler<E>,
  part: WorkPart<E>,
  all: readonly Parsed<E>[],
  logger: Logger,
  signals: RunSignals,
): HandlerOutcome | Promise<HandlerOutcome> {
  // One that is not JSON is a part of its own, which no handler is called with.
  const events = pick(part, all) as readonly Delivered<E>[];
  const { cursor } = part.work.batch;
  part.seen = true;
  part.commitAsked = false;
  const context: HandlerContext = {
    lane: laneOf(cursor),
    attempt: part.attempts + 1,
    signal: signals.signal,
    get stopping() {
      return signals.stopping;
    },
    cursor,
    log: laneLogger(logger, cursor),
    commit: () => {
      part.commitAsked = true;
    },
  };
  if (handler.onEvent) return handler.onEvent(events[0] as Delivered<E>, context);
  return handler.onBatch?.(new PartBatch(part, events), context);
}

class PartBatch<E> implements HandlerBatch<E> {
  readonly cursor: StreamCursor;
  readonly streamId: string;
  readonly #part: WorkPart<E>;
  /** Private, so that `inspect` and JSON show no events. */
  readonly #events: readonly Delivered<E>[];

  constructor(part: WorkPart<E>, events: readonly Delivered<E>[]) {
    const { cursor, streamId } = part.work.batch;
    this.cursor = cursor;
    this.streamId = streamId;
    this.#part = part;
    this.#events = events;
  }

  get events(): readonly Delivered<E>[] {
    return this.#events;
  }

  get raws(): readonly Uint8Array[] {
    return rawsOf(this.#part);
  }
}
