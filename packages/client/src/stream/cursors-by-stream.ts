/**
 * What a program commits, sorted by the streams it came from.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";
import { type Batch, type StreamCursor, withStreamId } from "./batch.ts";

export type Committable<E> = Batch<E> | StreamCursor;

/** @param streamId for cursors that do not know their stream. @throws {ConfigError} */
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
  const cursor = "cursor" in what ? what.cursor : what;
  const id = cursor.streamId ?? streamId;
  if (typeof id === "string" && id !== "") return withStreamId(cursor, id);
  throw new ConfigError("cursor.streamId", "the id of the stream that the cursor came from; or give options.streamId");
}
