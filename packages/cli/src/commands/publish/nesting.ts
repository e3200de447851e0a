/**
 * How deep JSON nests.
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";

/** Where a JSON text begins to nest deeper than `levels`: the index of that bracket. */
export function deeperThan(levels: number, json: string): number | undefined {
  // Each level has two brackets.
  if (json.length <= levels * 2) return undefined;
  let depth = 0;
  for (const { start } of jsonTokens(json)) {
    const first = json[start];
    if (first === "{" || first === "[") depth += 1;
    else if (first === "}" || first === "]") depth -= 1;
    if (depth > levels) return start;
  }
  return undefined;
}
