/**
 * How many members the objects in a value have, all together: fewer than colons in its text mean that a name stands
 * twice. Never recursive.
 * @pure
 */
export function memberCount(root: object): number {
  let count = 0;
  const waiting: object[] = [root];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (Array.isArray(next)) {
      for (const item of next as unknown[]) if (typeof item === "object" && item !== null) waiting.push(item);
      continue;
    }
    const names = Object.keys(next);
    count += names.length;
    for (const name of names) {
      const value = (next as Record<string, unknown>)[name];
      if (typeof value === "object" && value !== null) waiting.push(value);
    }
  }
  return count;
}
