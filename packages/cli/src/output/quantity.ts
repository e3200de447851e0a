/**
 * Numbers and times for people.
 * @pure
 */

export const UNKNOWN = "–";

export function count(value: number | undefined): string {
  return value === undefined ? UNKNOWN : value.toLocaleString("en");
}

/** Events a second; below ten with a decimal. */
export function rate(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  return value < 10 && value > 0 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

/** The two largest units: 45 s, 3 min 20 s, 2 h 5 min, 4 d 1 h. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return UNKNOWN;
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400) return pair(Math.floor(whole / 3_600), "h", Math.floor((whole % 3_600) / 60), "min");
  return pair(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3_600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
