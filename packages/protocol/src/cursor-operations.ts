/**
 * Questions about positions of an event type, which only the server can answer: offsets are opaque (protocol 5.8).
 * @pure
 */
import type { PartitionCursor } from "./cursor.ts";

/** Two positions of one partition. */
export interface CursorPair {
  initial_cursor: PartitionCursor;
  final_cursor: PartitionCursor;
}

export interface CursorDistance extends CursorPair {
  /** Offsets from the initial to the final cursor; negative if the final one is earlier. */
  distance: number;
}

export interface CursorShift extends PartitionCursor {
  /** Offsets to move, forward or, negative, backward: not beyond the position before the first event. Default 0. */
  shift?: number;
}

/** How far a position is behind the newest event. */
export interface CursorLag {
  partition: string;
  /** Of the first event that can be read, or of the next one to be written. */
  oldest_available_offset: string;
  /** Of the last event that was written; before the first one where there is none. */
  newest_available_offset: string;
  /** Offsets between the position and the newest event. */
  unconsumed_events: number;
}
