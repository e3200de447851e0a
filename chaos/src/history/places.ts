/**
 * Where events lie: each delivered or stored batch says the offset of its last event, and offsets have no gaps.
 * @pure
 */
import { parseOffset } from "nakadi-protocol";

/** The number of an offset; -1 is before the first event. The history knows one timeline only. */
export function numberOf(offset: string): number {
  const read = parseOffset(offset);
  return read.kind === "timeline" && read.position.order === 1 ? read.position.number : Number.NaN;
}

export interface Span {
  first: number;
  last: number;
}

export function spanOf({ offset, ids }: { offset: string; ids: readonly string[] }): Span {
  const last = numberOf(offset);
  return { first: last - ids.length + 1, last };
}

/** The map's value for `key`, made where there is none. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
