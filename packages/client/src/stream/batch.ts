/**
 * A delivered batch: its bytes, and its events, which are parsed on first access.
 * @pure
 */
import { type Cursor, eachEvent } from "nakadi-protocol";
import { parsedEvents, UNREADABLE } from "./event-parsing.ts";
import { UnreadableEventError } from "../errors/nakadi-error.ts";

/** The cursor of the server with its stream id, which is not enumerable and never sent in the cursor. */
export interface StreamCursor extends Cursor {
  readonly streamId: string;
}

export interface Batch<E = unknown> {
  /** The position of the last event of the batch. */
  readonly cursor: StreamCursor;
  /** The stream that the batch came from and is committed with. */
  readonly streamId: string;
  /** The bytes of the JSON array of events. */
  readonly raw: Uint8Array;
  /**
   * The events, parsed on first access. If a stored event is not JSON, `raws` still has the bytes of each event, and the batch
   * can be committed.
   * @throws {UnreadableEventError} that names the first event that is not JSON
   */
  readonly events: readonly E[];
  /** The bytes of each event as the server sent them. Computed on access. */
  readonly raws: readonly Uint8Array[];
  /** A message of the server, `info.debug`. */
  readonly debug?: string;
}

export class StreamBatch<E> implements Batch<E> {
  readonly cursor: StreamCursor;
  declare readonly debug?: string;
  /** Private, so that `inspect` and JSON show no events. */
  readonly #raw: Uint8Array;
  #events: readonly E[] | undefined;

  constructor(cursor: Cursor, streamId: string, raw: Uint8Array, debug: string | undefined) {
    this.cursor = withStreamId(cursor, streamId);
    this.#raw = raw;
    if (debug !== undefined) this.debug = debug;
  }

  get streamId(): string {
    return this.cursor.streamId;
  }

  get raw(): Uint8Array {
    return this.#raw;
  }

  get events(): readonly E[] {
    this.#events ??= this.#readable();
    return this.#events;
  }

  get raws(): readonly Uint8Array[] {
    return [...eachEvent(this.#raw)];
  }

  #readable(): readonly E[] {
    const events = parsedEvents<E>(this.#raw);
    const unreadable = events.indexOf(UNREADABLE);
    if (unreadable >= 0) throw new UnreadableEventError(this.cursor, unreadable);
    return events as readonly E[];
  }
}

/** The four members of the wire are enumerable; the stream id is not, so JSON and spreading omit it. */
class DeliveredCursor implements StreamCursor {
  readonly partition: string;
  readonly offset: string;
  readonly event_type: string;
  readonly cursor_token: string;
  readonly #streamId: string;

  constructor({ partition, offset, event_type, cursor_token }: Cursor, streamId: string) {
    this.partition = partition;
    this.offset = offset;
    this.event_type = event_type;
    this.cursor_token = cursor_token;
    this.#streamId = streamId;
  }

  get streamId(): string {
    return this.#streamId;
  }
}

export function withStreamId(cursor: Cursor, streamId: string): StreamCursor {
  return new DeliveredCursor(cursor, streamId);
}
