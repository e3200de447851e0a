/**
 * LMDB has no checksums of its own: each value begins with the CRC-32 of its key and of what follows, and is looked at
 * only if they still belong together.
 */
import { crc32 } from "node:zlib";
import type { Table } from "./store.ts";

/** A stored value is not what was written; `nakadi repair` says how much is affected. */
export class DamagedDataError extends Error {
  override readonly name = "DamagedDataError";
  constructor(table: Table, key: Uint8Array, what: string) {
    super(`The stored data is damaged: ${table} ${Buffer.from(key).toString("hex").slice(0, 64)} ${what}.`);
  }
}

export const CHECKSUM_BYTES = 4;

/** Fills in the first bytes of a value. */
export function seal(key: Uint8Array, value: Buffer): Buffer {
  value.writeUInt32BE(checksumOf(key, value), 0);
  return value;
}

/** @throws {DamagedDataError} */
export function unseal(table: Table, key: Uint8Array, value: Buffer): Buffer {
  if (value.length < CHECKSUM_BYTES) throw new DamagedDataError(table, key, "is cut off");
  if (value.readUInt32BE(0) !== checksumOf(key, value)) throw new DamagedDataError(table, key, "has a wrong checksum");
  return value;
}

/** Whether `unseal` would take it. */
export function isSealed(key: Uint8Array, value: Buffer): boolean {
  return value.length >= CHECKSUM_BYTES && value.readUInt32BE(0) === checksumOf(key, value);
}

function checksumOf(key: Uint8Array, value: Buffer): number {
  return crc32(value.subarray(CHECKSUM_BYTES), crc32(key));
}
