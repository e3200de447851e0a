/**
 * The keys of all tables. Numbers are big-endian, so that keys have the order of what they stand for.
 */
import { createHash } from "node:crypto";

/** LMDB's limit with pages of 4 KB. */
const MAX_KEY_BYTES = 1_978;
const HASH_BYTES = 32;
export const FRAME_KEY_BYTES = 16;
export const PARTITION_KEY_BYTES = 8;
export const LOG_KEY_BYTES = 4;

/** Where a frame is: log number, partition, first offset. */
export function frameKey(log: number, partition: number, first: number): Buffer {
  const key = Buffer.allocUnsafe(FRAME_KEY_BYTES);
  key.writeUInt32BE(log, 0);
  key.writeUInt32BE(partition, 4);
  key.writeUInt32BE(Math.floor(first / 2 ** 32), 8);
  key.writeUInt32BE(first % 2 ** 32, 12);
  return key;
}

export function logOf(frame: Buffer): number {
  return frame.readUInt32BE(0);
}

export function partitionOf(frame: Buffer): number {
  return frame.readUInt32BE(4);
}

/** The first offset in a frame's key. */
export function firstOf(key: Buffer): number {
  return key.readUInt32BE(8) * 2 ** 32 + key.readUInt32BE(12);
}

export function partitionKey(log: number, partition: number): Buffer {
  return frameKey(log, partition, 0).subarray(0, PARTITION_KEY_BYTES);
}

export function logKey(log: number): Buffer {
  return frameKey(log, 0, 0).subarray(0, LOG_KEY_BYTES);
}

/**
 * `id` within `scope`: keys of one scope lie together, in the order of their ids' bytes. Of a long id the hash takes the
 * place of the end.
 */
export function scopedKey(scope: string, id: string): Buffer {
  const prefix = scopePrefix(scope);
  const whole = Buffer.concat([prefix, Buffer.from(id)]);
  if (whole.length < MAX_KEY_BYTES) return whole;
  return shortened(whole);
}

/** Behind all keys of the scope. */
export function scopeEnd(scope: string): Buffer {
  return Buffer.concat([scopePrefix(scope), Buffer.from([0xff])]);
}

/** Before all keys of the scope. */
export function scopePrefix(scope: string): Buffer {
  const bytes = Buffer.from(scope);
  const name = bytes.length > MAX_SCOPE_BYTES ? createHash("sha256").update(bytes).digest() : bytes;
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(name.length, 0);
  return Buffer.concat([length, name]);
}

const MAX_SCOPE_BYTES = 1_000;

/** Keys as long as this one are all hashed, so that none is another one's text. */
function shortened(whole: Buffer): Buffer {
  const hash = createHash("sha256").update(whole).digest();
  return Buffer.concat([whole.subarray(0, MAX_KEY_BYTES - HASH_BYTES), hash]);
}

/** Keys of `counters`. */
export const REVISION_KEY: Buffer = scopedKey("counter", "revision");
export const LAST_LOG_KEY: Buffer = scopedKey("counter", "log");
export const REMOVED_GROUP_KEY: Buffer = scopedKey("counter", "group");
