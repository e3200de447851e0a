/**
 * Positions as they travel: offsets are opaque to clients (protocol 1).
 * @pure
 */
import type { EventTypePartition } from "./stream-parameters.ts";

/** A position in one partition of an event type that the context names (low-level API). */
export interface PartitionCursor {
  /** `0`, `1`, `2`, …; other servers have other names. */
  partition: string;
  /**
   * The last event that is behind: reading goes on after it. `BEGIN` is the position before the oldest one. In requests a plain
   * number stands for a position in the first timeline.
   */
  offset: string;
}

/** A position in a subscription. `cursor_token` is required on commit and never checked (protocol 1). */
export interface Cursor extends PartitionCursor {
  event_type: string;
  /** Another one each time that a cursor is sent. */
  cursor_token: string;
}

/** What a commit did with one cursor (protocol 3.13). */
export type CommitItemResult = "committed" | "outdated";

/** The body of a commit that is answered 200: at least one item was outdated (protocol 3.13). */
export interface CommitResponse {
  items: { cursor: Cursor; result: CommitItemResult }[];
}

/** A lane: the unit of order, one partition of one event type, as one map key. */
export type LaneKey = `${string}:${string}`;

export function laneKey({ event_type, partition }: EventTypePartition): LaneKey {
  return `${event_type}:${partition}`;
}
