/**
 * A frame as bytes: the events of one append to one partition, which are written and read as a whole.
 *
 *     4  checksum        8  first offset     8  last offset
 *     8  time            8  latest time      4  number of records
 *     then for each record three lengths of 4 bytes, of value, key and consumer tag: one more than it is, 0 where there is none
 *     then all keys and tags, then all values, one after the other
 */
import type { Frame, NewRecord } from "../ports.ts";
import { CHECKSUM_BYTES, DamagedDataError, seal, unseal } from "./checksum.ts";

const FIRST = CHECKSUM_BYTES;
const LAST = FIRST + 8;
const TIME = LAST + 8;
const LATEST = TIME + 8;
const COUNT = LATEST + 8;
const TABLE = COUNT + 4;
const ENTRY_BYTES = 12;

/** What can be said of a frame without looking at its records. */
export interface FrameHead {
  first: number;
  last: number;
  timestampMs: number;
  /** The latest timestamp up to here: ascends even where the wall clock went back, so that it can be searched. */
  latestMs: number;
}

export function encodeFrame(key: Uint8Array, head: FrameHead, records: readonly NewRecord[]): Buffer {
  const parts = records.map(({ value, key: name, consumerTag }) => ({
    value,
    name: name === undefined ? undefined : Buffer.from(name),
    tag: consumerTag === undefined ? undefined : Buffer.from(consumerTag),
  }));
  let size = TABLE + records.length * ENTRY_BYTES;
  for (const { value, name, tag } of parts) size += (value?.length ?? 0) + (name?.length ?? 0) + (tag?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeDoubleBE(head.first, FIRST);
  bytes.writeDoubleBE(head.last, LAST);
  bytes.writeDoubleBE(head.timestampMs, TIME);
  bytes.writeDoubleBE(head.latestMs, LATEST);
  bytes.writeUInt32BE(records.length, COUNT);
  let at = TABLE;
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

/** Without the checksum, of which `decodeFrame` takes care. @throws {DamagedDataError} */
export function readFrameHead(key: Uint8Array, bytes: Buffer): FrameHead {
  if (bytes.length < TABLE) throw new DamagedDataError("frames", key, "is cut off");
  return {
    first: bytes.readDoubleBE(FIRST),
    last: bytes.readDoubleBE(LAST),
    timestampMs: bytes.readDoubleBE(TIME),
    latestMs: bytes.readDoubleBE(LATEST),
  };
}

/** The values are views of `bytes`. @throws {DamagedDataError} */
export function decodeFrame(key: Uint8Array, bytes: Buffer): Frame {
  unseal("frames", key, bytes);
  const { first, last, timestampMs } = readFrameHead(key, bytes);
  const count = bytes.readUInt32BE(COUNT);
  if (last - first + 1 !== count) throw new DamagedDataError("frames", key, "does not hold the offsets it should");
  let text = TABLE + count * ENTRY_BYTES;
  let body = text;
  for (let index = 0; index < count; index++) {
    body += lengthAt(bytes, index, 4) + lengthAt(bytes, index, 8);
  }
  const offsets: number[] = [];
  const records: NewRecord[] = [];
  for (let index = 0; index < count; index++) {
    const record: NewRecord = { value: null };
    if (isThere(bytes, index, 0)) record.value = bytes.subarray(body, (body += lengthAt(bytes, index, 0)));
    if (isThere(bytes, index, 4)) record.key = bytes.toString("utf8", text, (text += lengthAt(bytes, index, 4)));
    if (isThere(bytes, index, 8))
      record.consumerTag = bytes.toString("utf8", text, (text += lengthAt(bytes, index, 8)));
    offsets.push(first + index);
    records.push(record);
  }
  return { first, timestampMs, offsets, records };
}

function isThere(bytes: Buffer, index: number, which: 0 | 4 | 8): boolean {
  return bytes.readUInt32BE(TABLE + index * ENTRY_BYTES + which) > 0;
}

function lengthAt(bytes: Buffer, index: number, which: 0 | 4 | 8): number {
  return Math.max(0, bytes.readUInt32BE(TABLE + index * ENTRY_BYTES + which) - 1);
}
