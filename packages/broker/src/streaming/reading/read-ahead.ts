/**
 * The next reads of a stream: enough of each partition for its next batches, within its memory.
 * @pure
 */
import type { PartitionKey } from "nakadi-storage";
import type { StreamSettings } from "../stream-parameters.ts";
import type { PartitionWindow } from "../session/partition-window.ts";

export interface Wanted {
  partition: PartitionKey;
  /** Ordinal to read from. */
  from: number;
  bytes: number;
  records: number;
}

/** A read asks for this number of events at least, so that small batches do not each cost a read. */
const MIN_RECORDS = 100;

/** @param bytes that all partitions together may still read: each gets an equal share, as all are read at once */
export function readAhead(
  windows: Iterable<[PartitionKey, PartitionWindow]>,
  { batchLimit, timespanMs }: StreamSettings,
  bytes: number,
): Wanted[] {
  if (bytes <= 0) return [];
  const needy = [...windows].filter(([, { buffer, leavingSinceMs }]) => {
    // The number of events of a span of event time is unknown until the span has ended.
    const enough = timespanMs === 0 && buffer.length >= batchLimit;
    return !enough && leavingSinceMs === undefined;
  });
  const share = Math.ceil(bytes / needy.length);
  return needy.map(([partition, { buffer, nextToRead }]) => {
    const records = Math.max(MIN_RECORDS, batchLimit - buffer.length);
    return { partition, from: nextToRead, bytes: share, records };
  });
}
