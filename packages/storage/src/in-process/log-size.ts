/**
 * How many partitions a log can have, whichever engine keeps it.
 * @pure
 */

/** @throws {RangeError} unless it is 1 or more */
export function checkPartitions(partitions: number): void {
  if (!Number.isSafeInteger(partitions) || partitions < 1)
    throw new RangeError(`A log cannot have ${partitions} partitions.`);
}
