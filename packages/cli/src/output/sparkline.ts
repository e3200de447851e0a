/**
 * A course of numbers in one line of text.
 * @pure
 */
const BARS = "▁▂▃▄▅▆▇█";

/** The last `width` values, the highest of them as the full bar. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const highest = Math.max(1, ...shown);
  return shown.map((value) => BARS[Math.min(BARS.length - 1, Math.floor((value / highest) * BARS.length))]).join("");
}
