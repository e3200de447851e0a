/**
 * Where the batches of a session go: it decides how much is read, and forgets what may not be delivered any more.
 * @pure
 */
import type { Cursor, LaneKey } from "nakadi-protocol";
import type { NakadiError } from "../errors/nakadi-error.ts";
import type { Batch } from "./batch.ts";

export interface BatchSink<E> {
  /** No room for another batch. */
  readonly full: boolean;
  /** Room for so much that a paused socket should be read again. */
  readonly low: boolean;
  push(batch: Batch<E>): void;
  /** A line without events has come. */
  keepAlive?(cursor: Cursor): void;
  /** The connection that every batch came through is gone (invariant 1). */
  drop(): void;
  /** The server has taken these lanes away. */
  dropLanes(lanes: ReadonlySet<LaneKey>): void;
  /** The last call: closed, or failed with an error. */
  finish(error: NakadiError | undefined): void;
}
