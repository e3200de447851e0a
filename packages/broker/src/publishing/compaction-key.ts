/**
 * The key that compaction compares (protocol 4.7, 4.8).
 * @pure
 */
import { isObject } from "../event-types/schema/json-schema.ts";
import type { JsonObject } from "../event-types/schema/json-schema.ts";

/** `metadata.partition_compaction_key`; absent unless it is a string. */
export function compactionKey({ metadata }: JsonObject): string | undefined {
  const key = isObject(metadata) ? metadata["partition_compaction_key"] : undefined;
  return typeof key === "string" ? key : undefined;
}
