/** Calls a handler with the events of a part and its context. */
import type { Cursor } from "nakadi-protocol";
import type { Logger } from "../../observability/logger.ts";
import type { StreamCursor } from "../../stream/batch.ts";
import type { Parsed } from "../../stream/event-parsing.ts";
import { eventsFrom } from "./event-slices.ts";
import type { Delivered, Handler, HandlerBatch, HandlerContext, HandlerOutcome } from "./handler.ts";
import type { CallSignals } from "./handler-calls.ts";
import { laneOf } from "./lane.ts";
import { eventsOfPart, rawsOf, type WorkPart } from "./work.ts";

type Outcome = HandlerOutcome | Promise<HandlerOutcome>;

export function callHandler<E>(handler: Handler<E>, part: WorkPart<E>, logger: Logger, signals: CallSignals): Outcome {
  const { work, seen } = part;
  // A handler may have changed the events it was given, so the next attempt parses them anew.
  const all = seen ? eventsFrom<E>(work.batch.raw) : work.fresh;
  if (!(all instanceof Promise)) return callWith(handler, part, all, logger, signals);
  return all.then((events) => {
    // Parsing took turns of the event loop, in which the call may have been aborted.
    signals.signal.throwIfAborted();
    return callWith(handler, part, events, logger, signals);
  });
}

/** @param all the events of the whole batch */
function callWith<E>(
  handler: Handler<E>,
  part: WorkPart<E>,
  all: readonly Parsed<E>[],
  logger: Logger,
  signals: CallSignals,
): Outcome {
  // An event that is not JSON is a part of its own, which is never given to a handler.
  const events = eventsOfPart(part, all) as readonly Delivered<E>[];
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

/** Each line names the event type, partition and offset. */
function laneLogger(logger: Logger, { event_type, partition, offset }: Cursor): Logger {
  const place = { event_type, partition, offset };
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      logger[level]({ ...place, ...fields }, message);
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
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
