/**
 * A row of `frames` as bytes: the events of one append to one partition or, once merged, of several; written and read as a
 * whole.
 *
 *     4  checksum        8  first offset     8  last offset
 *     8  newest time     8  latest time      4  number of frames    4  number of records
 *     then for each frame: 8 first offset, 8 time, 4 number of records
 *     then for each record three lengths of 4 bytes, of value, key and consumer tag: one more than it is, 0 where there is none
 *     then all keys and tags, then all values, one after the other
 *
 * A row without frames stands for offsets whose records are lost.
 */
import type { Frame, NewRecord } from "../ports.ts";
import { CHECKSUM_BYTES, DamagedDataError, seal, unseal } from "./checksum.ts";

const FIRST = CHECKSUM_BYTES;
const LAST = FIRST + 8;
const TIME = LAST + 8;
const LATEST = TIME + 8;
const FRAMES = LATEST + 8;
const RECORDS = FRAMES + 4;
const TABLE = RECORDS + 4;
const FRAME_BYTES = 20;
/** What a record takes at least. */
export const ENTRY_BYTES = 12;

/** What can be said of a row without looking at its records. */
export interface RowHead {
  first: number;
  last: number;
  /** The newest timestamp in it. */
  timestampMs: number;
  /** The latest timestamp up to here: ascends even where the wall clock went back, so that it can be searched. */
  latestMs: number;
}

/** @param frames those of the head's offsets, without a gap, or none at all */
export function encodeRow(key: Uint8Array, head: RowHead, frames: readonly Frame[]): Buffer {
  const parts = frames
    .flatMap(({ records }) => records)
    .map(({ value, key: name, consumerTag }) => ({
      value,
      name: name === undefined ? undefined : Buffer.from(name),
      tag: consumerTag === undefined ? undefined : Buffer.from(consumerTag),
    }));
  let size = TABLE + frames.length * FRAME_BYTES + parts.length * ENTRY_BYTES;
  for (const { value, name, tag } of parts) size += (value?.length ?? 0) + (name?.length ?? 0) + (tag?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeDoubleBE(head.first, FIRST);
  bytes.writeDoubleBE(head.last, LAST);
  bytes.writeDoubleBE(head.timestampMs, TIME);
  bytes.writeDoubleBE(head.latestMs, LATEST);
  bytes.writeUInt32BE(frames.length, FRAMES);
  bytes.writeUInt32BE(parts.length, RECORDS);
  let at = TABLE;
  for (const { first, timestampMs, records } of frames) {
    at = bytes.writeDoubleBE(first, at);
    at = bytes.writeDoubleBE(timestampMs, at);
    at = bytes.writeUInt32BE(records.length, at);
  }
  for (const { value, name, tag } of parts) {
    at = bytes.writeUInt32BE(value ? value.length + 1 : 0, at);
    at = bytes.writeUInt32BE(name ? name.length + 1 : 0, at);
    at = bytes.writeUInt32BE(tag ? tag.length + 1 : 0, at);
  }
  for (const { name, tag } of parts) {
    for (const text of [name, tag]) {
      if (!text) continue;
      bytes.set(text, at);
      at += text.length;
    }
  }
  for (const { value } of parts) {
    if (!value) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return seal(key, bytes);
}

/** Without the checksum, of which `decodeRow` takes care. @throws {DamagedDataError} */
export function readRowHead(key: Uint8Array, bytes: Buffer): RowHead {
  if (bytes.length < TABLE) throw new DamagedDataError("frames", key, "is cut off");
  return {
    first: bytes.readDoubleBE(FIRST),
    last: bytes.readDoubleBE(LAST),
    timestampMs: bytes.readDoubleBE(TIME),
    latestMs: bytes.readDoubleBE(LATEST),
  };
}

/** Events in a row that is whole. */
export function recordCount(bytes: Buffer): number {
  return bytes.readUInt32BE(RECORDS);
}

/** The values are views of `bytes`. @throws {DamagedDataError} */
export function decodeRow(key: Uint8Array, bytes: Buffer): { head: RowHead; frames: Frame[] } {
  unseal("frames", key, bytes);
  const head = readRowHead(key, bytes);
  const frameCount = bytes.readUInt32BE(FRAMES);
  const count = bytes.readUInt32BE(RECORDS);
  if (frameCount > 0 && head.last - head.first + 1 !== count)
    throw new DamagedDataError("frames", key, "does not hold the offsets it should");
  const table = TABLE + frameCount * FRAME_BYTES;
  let text = table + count * ENTRY_BYTES;
  let body = text;
  for (let index = 0; index < count; index++) {
    body += lengthAt(bytes, table, index, 4) + lengthAt(bytes, table, index, 8);
  }
  const frames: Frame[] = [];
  let index = 0;
  for (let at = TABLE; at < table; at += FRAME_BYTES) {
    const first = bytes.readDoubleBE(at);
    const end = index + bytes.readUInt32BE(at + 16);
    const offsets: number[] = [];
    const records: NewRecord[] = [];
    for (; index < end; index++) {
      const record: NewRecord = { value: null };
      if (isThere(bytes, table, index, 0))
        record.value = bytes.subarray(body, (body += lengthAt(bytes, table, index, 0)));
      if (isThere(bytes, table, index, 4))
        record.key = bytes.toString("utf8", text, (text += lengthAt(bytes, table, index, 4)));
      if (isThere(bytes, table, index, 8))
        record.consumerTag = bytes.toString("utf8", text, (text += lengthAt(bytes, table, index, 8)));
      offsets.push(first + records.length);
      records.push(record);
    }
    frames.push({ first, timestampMs: bytes.readDoubleBE(at + 8), offsets, records });
  }
  return { head, frames };
}

function isThere(bytes: Buffer, table: number, index: number, which: 0 | 4 | 8): boolean {
  return bytes.readUInt32BE(table + index * ENTRY_BYTES + which) > 0;
}

function lengthAt(bytes: Buffer, table: number, index: number, which: 0 | 4 | 8): number {
  return Math.max(0, bytes.readUInt32BE(table + index * ENTRY_BYTES + which) - 1);
}
