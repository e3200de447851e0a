/**
 * The cursors of a commit, grouped by stream.
 * @pure
 */
import { isUuid } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { text } from "../options/checks.ts";
import { type Batch, type StreamCursor, withStreamId } from "./batch.ts";

export type Committable<E> = Batch<E> | StreamCursor;

/** @param streamId the stream of cursors that have no stream id. @throws {ConfigError} */
export function cursorsOf(
  what: Committable<unknown> | readonly Committable<unknown>[],
  streamId: string | undefined,
): StreamCursor[] {
  return (isList(what) ? what : [what]).map((one) => cursorOf(one, streamId));
}

export function byStream(cursors: readonly StreamCursor[]): Map<string, StreamCursor[]> {
  const streams = new Map<string, StreamCursor[]>();
  for (const cursor of cursors) streams.set(cursor.streamId, [...(streams.get(cursor.streamId) ?? []), cursor]);
  return streams;
}

function isList<T>(what: T | readonly T[]): what is readonly T[] {
  return Array.isArray(what);
}

function cursorOf(what: Committable<unknown>, streamId: string | undefined): StreamCursor {
  if (typeof what !== "object" || what === null) throw new ConfigError("what", "a batch, a cursor, or a list of them");
  const cursor: StreamCursor | null | undefined = "cursor" in what ? what.cursor : what;
  for (const name of ["partition", "offset", "event_type", "cursor_token"] as const) {
    text(`cursor.${name}`, cursor?.[name]);
  }
  const id = cursor.streamId ?? streamId;
  if (typeof id === "string" && isUuid(id)) return withStreamId(cursor, id);
  throw new ConfigError("cursor.streamId", "the id of the stream that the cursor came from; or give options.streamId");
}
