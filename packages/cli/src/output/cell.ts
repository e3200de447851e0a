/**
 * Cells of a table: a word each, so that awk finds the columns, and plain numbers, so that it can reckon with them.
 * @pure
 */
export const NOTHING = "-";

export function countCell(value: number | undefined): string {
  return value === undefined ? NOTHING : String(value);
}

/** Events a second; below ten with a decimal. */
export function rateCell(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  return value < 10 && value > 0 ? value.toFixed(1) : String(Math.round(value));
}

/** The two largest units: 45s, 3m20s, 2h5m, 4d1h. */
export function durationCell(seconds: number | undefined): string {
  if (seconds === undefined) return NOTHING;
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return pair(Math.floor(whole / 60), "m", whole % 60, "s");
  if (whole < 86_400) return pair(Math.floor(whole / 3_600), "h", Math.floor((whole % 3_600) / 60), "m");
  return pair(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3_600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
