/**
 * The receiver of the batches of a session. It controls how much is read, and drops batches that may no longer be delivered.
 * @pure
 */
import type { Cursor, LaneKey } from "nakadi-protocol";
import type { NakadiError } from "../errors/nakadi-error.ts";
import type { Batch } from "./batch.ts";

export interface BatchSink<E> {
  /** No room for another batch: reading stops. */
  readonly full: boolean;
  /** Half empty: a paused socket resumes. */
  readonly low: boolean;
  push(batch: Batch<E>): void;
  /** A keep-alive came. */
  keepAlive?(cursor: Cursor): void;
  /** The connection of the batches has ended (SPEC rule 1). */
  drop(): void;
  /** The server has taken these lanes away. */
  dropLanes(lanes: ReadonlySet<LaneKey>): void;
  /** The last call: closed, or failed with an error. */
  finish(error: NakadiError | undefined): void;
}
