/**
 * Calls a handler with the events of a part and what it may know of them.
 * @pure
 */
import type { Logger } from "../observability/logger.ts";
import type { Handler, HandlerContext, HandlerOutcome } from "./handler.ts";
import { laneOf } from "./lane.ts";
import { laneLogger } from "./lane-logger.ts";
import { pick, type WorkPart } from "./work.ts";

/** @param all the events of the whole batch */
export function callHandler<E>(
  handler: Handler<E>,
  part: WorkPart<E>,
  all: readonly E[],
  logger: Logger,
  signal: AbortSignal,
): HandlerOutcome | Promise<HandlerOutcome> {
  const events = pick(part, all);
  const { cursor, streamId } = part.work.batch;
  part.seen = true;
  part.commitAsked = false;
  const context: HandlerContext = {
    lane: laneOf(cursor),
    attempt: part.attempts + 1,
    signal,
    cursor,
    log: laneLogger(logger, cursor),
    commit: () => {
      part.commitAsked = true;
    },
  };
  if (handler.onEvent) return handler.onEvent(events[0] as E, context);
  return handler.onBatch?.({ cursor, streamId, events }, context);
}
