/**
 * What a cursor says of its lane.
 * @pure
 */
import type { EventTypePartition } from "nakadi-protocol";

export function laneOf({ event_type, partition }: EventTypePartition): EventTypePartition {
  return { event_type, partition };
}
