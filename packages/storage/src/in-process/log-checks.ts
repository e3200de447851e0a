/**
 * What callers of the log port may ask for, whichever engine keeps the log.
 * @pure
 */
import type { LogId, NewRecord } from "../ports.ts";

/** @throws {RangeError} for a number below 1 */
export function checkPartitions(partitions: number): void {
  if (!Number.isSafeInteger(partitions) || partitions < 1)
    throw new RangeError(`A log cannot have ${partitions} partitions.`);
}

/** @throws {RangeError} for a partition that a log of `partitions` does not have */
export function checkPartition(log: LogId, partitions: number, partition: number): void {
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new RangeError(`Log ${log} has no partition ${partition}.`);
}

/** @throws {RangeError} for a partition that the log does not have, and for a batch without a record */
export function checkBatches(log: LogId, partitions: number, batches: ReadonlyMap<number, readonly NewRecord[]>): void {
  for (const [partition, records] of batches) {
    checkPartition(log, partitions, partition);
    if (records.length === 0) throw new RangeError(`The batch for partition ${partition} is empty.`);
  }
}
