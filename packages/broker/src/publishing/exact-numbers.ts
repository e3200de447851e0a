/**
 * Parses an event a second time where the spelling of its numbers matters.
 * @pure
 */
import { isDoubleSource } from "../event-types/java-text.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";
import { parseStrictly } from "../event-types/schema/strict-json.ts";
import { itemText } from "./scan.ts";
import type { PublishedItem } from "./scan.ts";

export interface ExactNumbers {
  value: JsonObject;
  /** Names and indices of numbers that are written as doubles, by their object or array in `value`. */
  doubles: ReadonlyMap<object, ReadonlySet<string | number>>;
  /** The number as it is written. */
  sourceOf(container: object, key: string | number): string | undefined;
}

export function exactNumbers(item: Pick<PublishedItem, "bytes">): ExactNumbers {
  const sources = new Map<object, Map<string | number, string>>();
  const doubles = new Map<object, Set<string | number>>();
  const value = parseStrictly(itemText(item), {
    maxDepth: Infinity,
    onNumber(container, key, source) {
      setIn(sources, container, () => new Map<string | number, string>()).set(key, source);
      if (isDoubleSource(source)) setIn(doubles, container, () => new Set<string | number>()).add(key);
    },
  }) as JsonObject;
  return { value, doubles, sourceOf: (container, key) => sources.get(container)?.get(key) };
}

function setIn<V>(map: Map<object, V>, key: object, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
