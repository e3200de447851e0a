/**
 * The name of one partition of one event type: `event type:number`.
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";

/** Event types have no colon in their names. */
export function splitPartitionKey(key: PartitionKey): { eventType: string; partition: number } {
  const colon = key.lastIndexOf(":");
  return { eventType: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
}

/** How the server's error texts name a partition. */
export function partitionText(eventType: string, partition: number | string): string {
  return `EventTypePartition{eventType='${eventType}', partition='${partition}'}`;
}
