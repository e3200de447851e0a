/**
 * Misspelt options: an option that is not known would do nothing, without a word.
 * @pure
 */

/** What is wrong with an option: `path` must be `allowed`. */
export interface OptionFault {
  path: string;
  allowed: string;
}

/**
 * The first option that is not known; nothing where all are. Values are not told: one may be a token.
 * @param path where the object of options stands
 */
export function unknownOption(path: string, options: unknown, names: readonly string[]): OptionFault | undefined {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return { path, allowed: `an object with the options ${names.join(", ")}` };
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return undefined;
  return {
    path: `${path}.${unknown}`,
    allowed: `one of the known options: ${names.join(", ")}${meant(unknown, names)}`,
  };
}

/** Ends a sentence that has told what there is. */
export function meant(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

/** The name that may have been meant: the nearest one, where no more than a third of it is wrong. */
function nearestName(wrong: string, names: readonly string[]): string | undefined {
  let nearest: { name: string; changes: number } | undefined;
  for (const name of names) {
    // Of an input of any length no more is looked at than can still be near.
    const isNear = Math.abs(wrong.length - name.length) <= MAX_CHANGES;
    const changes = isPart(wrong, name)
      ? 1
      : isNear
        ? changesBetween(wrong.toLowerCase(), name.toLowerCase())
        : Infinity;
    if (changes <= Math.max(1, name.length / 3) && changes < (nearest?.changes ?? Infinity))
      nearest = { name, changes };
  }
  return nearest?.name;
}

/** Names of options have no more than some thirty letters. */
const MAX_CHANGES = 10;
/** Fewer letters begin anything. */
const MIN_PART = 3;

function isPart(wrong: string, name: string): boolean {
  const [short, long] = [wrong.toLowerCase(), name.toLowerCase()].sort((a, b) => a.length - b.length) as [
    string,
    string,
  ];
  return short.length >= MIN_PART && long.startsWith(short);
}

/** Letters to insert, leave out, replace or swap with their neighbour. */
function changesBetween(from: string, to: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[at - 1] === to[column - 1];
      const isSwapped = at > 1 && column > 1 && from[at - 1] === to[column - 2] && from[at - 2] === to[column - 1];
      next[column] = Math.min(
        (row[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (row[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
