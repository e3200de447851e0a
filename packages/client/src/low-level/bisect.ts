/**
 * Looks for a place in a log that can only be asked about.
 * @pure
 */

/**
 * How many of `count` offsets lie before the place, in about log2(count) questions.
 * @param isBefore whether the event that follows on the first `n` offsets, `n` below `count`, lies before the place; once it
 *   says no it says no for all that follow
 */
export async function bisect(count: number, isBefore: (n: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (await isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
