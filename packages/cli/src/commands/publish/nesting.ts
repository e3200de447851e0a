/**
 * How deep JSON nests.
 * @pure
 */
const TOKEN = /"(?:\\.|[^"\\])*"|[[{}\]]/g;

/** Where a JSON text begins to nest deeper than `levels`: the index of that bracket. */
export function deeperThan(levels: number, json: string): number | undefined {
  // Each level has two brackets.
  if (json.length <= levels * 2) return undefined;
  let depth = 0;
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth > levels) return index;
  }
  return undefined;
}
