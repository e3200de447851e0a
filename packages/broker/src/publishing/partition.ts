/**
 * Chooses the partition of an event, the same as a real server (protocol 4.7).
 * @pure
 */
import type { Category, PartitionStrategy } from "nakadi-protocol";
import { javaDouble, javaHash, javaNumber } from "../event-types/java-text.ts";
import { isObject } from "../event-types/schema/json-schema.ts";
import { exactNumbers } from "./exact-numbers.ts";
import type { ExactNumbers } from "./exact-numbers.ts";
import type { PublishedItem } from "./scan.ts";

export interface PartitioningRules {
  strategy: PartitionStrategy;
  keyFields: readonly string[];
  category: Category;
  /** 1 or more. */
  partitions: number;
  /** From 0 up to, but not including, 1. */
  random: () => number;
}

type KeyedItem = Pick<PublishedItem, "bytes" | "value" | "hasOddNumbers">;

/** The returned function gives the partition of one event, or the reason why it has none. */
export function partitioner({
  strategy,
  keyFields,
  category,
  partitions,
  random,
}: PartitioningRules): (item: KeyedItem) => number | string {
  switch (strategy) {
    case "random":
      return () => Math.floor(random() * partitions);
    case "user_defined":
      return (item) => namedPartition(item, partitions);
    case "hash": {
      const paths = keyFields.map((field) => pathOf(category === "data" ? `data.${field}` : field));
      const byHash = [...Array(partitions).keys()].map(String).sort().map(Number);
      return (item) => hashedPartition(item, paths, byHash);
    }
  }
}

function namedPartition({ value: { metadata } }: KeyedItem, partitions: number): number | string {
  const name = isObject(metadata) ? metadata["partition"] : undefined;
  if (typeof name !== "string") return "Failed to resolve partition. Failed to get partition from event metadata";
  const partition = /^(?:0|[1-9][0-9]*)$/.test(name) ? Number(name) : partitions;
  return partition < partitions
    ? partition
    : `Failed to resolve partition. Invalid partition specified when publishing event: ${name}`;
}

/** @param byHash partitions in the order of their names as texts: 0, 1, 10, 2 */
function hashedPartition(
  item: KeyedItem,
  paths: readonly (readonly string[])[],
  byHash: readonly number[],
): number | string {
  const exact = item.hasOddNumbers ? exactNumbers(item) : undefined;
  let hash = 0;
  for (const path of paths) {
    let container: object = [exact?.value ?? item.value];
    let key: string | number = 0;
    for (const name of path) {
      const next: unknown = (container as Record<string | number, unknown>)[key];
      if (!isObject(next) || !Object.hasOwn(next, name)) return `field ${name} doesn't exist.`;
      container = next;
      key = name;
    }
    hash = (hash + javaHash(keyText(container, key, exact))) | 0;
  }
  return byHash[Math.abs(hash % byHash.length)] ?? 0;
}

/** The text of a value in the hashed key. */
function keyText(container: object, key: string | number, exact: ExactNumbers | undefined): string {
  const value = (container as Record<string | number, unknown>)[key];
  return typeof value === "string" ? value : jsonText(container, key, exact);
}

function jsonText(container: object, key: string | number, exact: ExactNumbers | undefined): string {
  const value = (container as Record<string | number, unknown>)[key];
  if (typeof value === "number") {
    const source = exact?.sourceOf(container, key);
    if (source !== undefined) return javaNumber(source);
    return Number.isInteger(value) ? String(value) : javaDouble(value);
  }
  if (Array.isArray(value)) return `[${value.map((_, index) => jsonText(value, index, exact)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .map((name) => `${JSON.stringify(name)}:${jsonText(value, name, exact)}`)
    .join()}}`;
}

/** Names separated by dots. A dot between single quotes or after a backslash belongs to the name. */
export function pathOf(text: string): string[] {
  const path: string[] = [];
  let name = "";
  let quoted = false;
  let escaped = false;
  for (const character of text) {
    if (escaped) {
      name += character;
      escaped = false;
    } else if (character === "\\") escaped = true;
    else if (character === "'") quoted = !quoted;
    else if (character !== "." || quoted) name += character;
    else {
      // As on the server, an empty name ends the path.
      if (name === "") return path;
      path.push(name);
      name = "";
    }
  }
  return name === "" ? path : [...path, name];
}
