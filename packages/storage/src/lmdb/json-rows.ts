/**
 * Rows that hold JSON.
 */
import { CHECKSUM_BYTES, DamagedDataError, seal, unseal } from "./checksum.ts";
import type { Change, Table } from "./store.ts";

/** @throws {TypeError} for what JSON cannot hold */
export function jsonRow(table: Table, key: Uint8Array, json: unknown): Change {
  const text = JSON.stringify(json) as string | undefined;
  if (text === undefined) throw new TypeError("A stored value must be JSON.");
  const value = Buffer.allocUnsafe(CHECKSUM_BYTES + Buffer.byteLength(text));
  value.write(text, CHECKSUM_BYTES);
  return { table, key, value: seal(key, value) };
}

/** @throws {DamagedDataError} */
export function readJson(table: Table, key: Uint8Array, value: Buffer): unknown {
  const text = unseal(table, key, value).toString("utf8", CHECKSUM_BYTES);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DamagedDataError(table, key, "is not JSON");
  }
}
