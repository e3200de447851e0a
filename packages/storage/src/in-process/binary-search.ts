/**
 * Binary search in a list.
 * @pure
 */

/** Index of the first item from `start` on for which `found` holds, where it holds for all behind it; the length if there is none. */
export function firstIndex<T>(items: readonly T[], start: number, found: (item: T) => boolean): number {
  let low = start;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // Within the length, each item is there.
    if (found(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
