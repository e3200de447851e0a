/**
 * A course of numbers in one line of text.
 * @pure
 */
const BARS = "▁▂▃▄▅▆▇█";

const UNKNOWN = "·";

/** The last `width` values, the highest of them as the full bar; what is not known has none. */
export function sparkline(values: readonly (number | undefined)[], width: number): string {
  const shown = values.slice(-width);
  const highest = Math.max(1, ...shown.map((value) => value ?? 0));
  const bar = (value: number): string =>
    BARS[Math.min(BARS.length - 1, Math.floor((value / highest) * BARS.length))] ?? UNKNOWN;
  return shown.map((value) => (value === undefined ? UNKNOWN : bar(value))).join("");
}
