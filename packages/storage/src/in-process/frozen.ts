/**
 * What is stored must not change through a reference that a caller keeps, and reading it must cost nothing.
 * @pure
 */

/**
 * A deeply frozen copy, as JSON gives it back: it lacks what a disk would not keep.
 * @throws {TypeError} for what JSON cannot hold
 */
export function frozenJson(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError("A stored value must be JSON.");
  return frozen(JSON.parse(text));
}

/** The same value, deeply frozen. */
export function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
