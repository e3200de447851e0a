/** Which table a row belongs to, from nothing but the row: for pages that no table leads to any more. */
import { CHECKSUM_BYTES, isSealed } from "../checksum.ts";
import { firstOf, FRAME_KEY_BYTES, LOG_KEY_BYTES, PARTITION_KEY_BYTES } from "../keys.ts";
import { decodeRow } from "../row-codec.ts";
import type { Table } from "../store.ts";

/** The members that tell the rows of a table, which are JSON objects with scoped keys. */
const MEMBERS: readonly [Table, readonly string[]][] = [
  ["metadata", ["id", "version", "value"]],
  ["logs", ["id", "number", "partitions", "policy"]],
  ["progress", ["partition", "progress"]],
  ["groups", ["version", "sessions", "topology", "resetUntilMs"]],
];

/** `undefined` unless its checksum is right. */
export function tableOf(key: Buffer, value: Buffer): Table | undefined {
  if (!isSealed(key, value)) return undefined;
  const json = jsonOf(value);
  if (json === undefined) return isFrames(key, value) ? "frames" : undefined;
  if (typeof json === "string") return key.length === LOG_KEY_BYTES ? "removed" : undefined;
  if (typeof json === "number") return "counters";
  if (typeof json !== "object" || json === null) return undefined;
  const found = MEMBERS.find(([, members]) => members.every((member) => Object.hasOwn(json, member)));
  if (found) return found[0];
  return key.length === PARTITION_KEY_BYTES && Object.hasOwn(json, "next") ? "bases" : undefined;
}

/** Of frames no byte behind the checksum is one that JSON could begin with. */
function jsonOf(value: Buffer): unknown {
  if (!'{"0123456789'.includes(value.toString("latin1", CHECKSUM_BYTES, CHECKSUM_BYTES + 1))) return undefined;
  try {
    return JSON.parse(value.toString("utf8", CHECKSUM_BYTES)) as unknown;
  } catch {
    return undefined;
  }
}

function isFrames(key: Buffer, value: Buffer): boolean {
  if (key.length !== FRAME_KEY_BYTES) return false;
  try {
    return decodeRow(key, value).head.first === firstOf(key);
  } catch {
    return false;
  }
}
