/**
 * What a stream wants to read next: enough of each partition for its next batches, within the memory it may use.
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import type { StreamSettings } from "../parameters.ts";
import type { PartitionWindow } from "../session/partition-window.ts";

export interface Wanted {
  partition: PartitionKey;
  /** Ordinal to read from. */
  from: number;
  bytes: number;
  records: number;
}

/** Events that are read ahead for a partition at least, so that small batches do not each cost a read. */
const MIN_RECORDS = 100;

/** @param bytes what may still be read of all partitions together: each gets an equal share, as all are read at once */
export function readAhead(
  windows: Iterable<[PartitionKey, PartitionWindow]>,
  { batchLimit, timespanMs }: StreamSettings,
  bytes: number,
): Wanted[] {
  if (bytes <= 0) return [];
  const needy = [...windows].filter(([, { buffer, leavingSinceMs }]) => {
    // How long a span of event time is nobody knows before its end.
    const enough = timespanMs === 0 && buffer.length >= batchLimit;
    return !enough && leavingSinceMs === undefined;
  });
  const share = Math.ceil(bytes / needy.length);
  return needy.map(([partition, { buffer, nextToRead }]) => {
    const records = Math.max(MIN_RECORDS, batchLimit - buffer.length);
    return { partition, from: nextToRead, bytes: share, records };
  });
}
