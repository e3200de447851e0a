/**
 * Numbers in sentences.
 * @pure
 */

export function count(value: number): string {
  return value.toLocaleString("en");
}

/** Events a second; below ten with a decimal. */
export function rate(value: number): string {
  return value < 10 && value > 0 ? value.toFixed(1) : count(Math.round(value));
}
