/**
 * All records of one append to one partition as bytes, the same in the journal, in memory and in a segment:
 *
 *     4  magic "NKF1"           4  CRC-32 of the rest of the header       4  CRC-32 of what follows the header
 *     4  length of the frame    8  first offset                           8  timestamp
 *     8  latest timestamp of the partition so far
 *     4  number of offsets      4  number of records
 *     then for each record three lengths of 4 bytes, of value, key and consumer tag: one more than it is, 0 where there is none
 *     then for each record 4 bytes, how far behind the first its offset is; only where compaction has left gaps
 *     then all keys and tags, then all values, one after the other
 *
 * The offsets of a partition's frames follow each other without a gap: what is missing between two frames is lost, what is
 * missing within one was compacted.
 */
import { crc32 } from "node:zlib";
import type { Frame, NewRecord } from "../../ports.ts";

export const FRAME_HEADER_BYTES = 48;

const MAGIC = Buffer.from("NKF1", "latin1");
const HEADER_CHECKSUM = 4;
const BODY_CHECKSUM = 8;
const LENGTH = 12;
const FIRST = 16;
const TIMESTAMP = 24;
const LATEST = 32;
const SPAN = 40;
const COUNT = 44;
const ENTRY_BYTES = 12;

export interface FrameHeader {
  /** Bytes of the whole frame. */
  length: number;
  /** The offsets that it stands for: from the first to the last, whether there is a record or not. */
  first: number;
  last: number;
  timestampMs: number;
  /** Ascends even where the wall clock goes back, so that it can be searched. */
  latestMs: number;
  count: number;
}

export type FrameRange = Omit<FrameHeader, "length" | "count">;

/**
 * @param offsets of the records, ascending within the range
 * @param headroom bytes that are left free before the frame
 */
export function encodeFrame(
  range: FrameRange,
  offsets: readonly number[],
  records: readonly NewRecord[],
  headroom = 0,
): Buffer {
  const span = range.last - range.first + 1;
  const dense = span === records.length;
  let size = FRAME_HEADER_BYTES + records.length * (dense ? ENTRY_BYTES : ENTRY_BYTES + 4);
  const texts: (Buffer | undefined)[] = [];
  for (const { value, key, consumerTag } of records) {
    const name = key === undefined ? undefined : Buffer.from(key);
    const tag = consumerTag === undefined ? undefined : Buffer.from(consumerTag);
    texts.push(name, tag);
    size += (value?.length ?? 0) + (name?.length ?? 0) + (tag?.length ?? 0);
  }
  const whole = Buffer.allocUnsafe(headroom + size);
  const bytes = headroom === 0 ? whole : whole.subarray(headroom);
  bytes.set(MAGIC, 0);
  bytes.writeUInt32BE(size, LENGTH);
  bytes.writeDoubleBE(range.first, FIRST);
  bytes.writeDoubleBE(range.timestampMs, TIMESTAMP);
  bytes.writeDoubleBE(range.latestMs, LATEST);
  bytes.writeUInt32BE(span, SPAN);
  bytes.writeUInt32BE(records.length, COUNT);
  let at = FRAME_HEADER_BYTES;
  for (const [index, { value }] of records.entries()) {
    const name = texts[index * 2];
    const tag = texts[index * 2 + 1];
    at = bytes.writeUInt32BE(value ? value.length + 1 : 0, at);
    at = bytes.writeUInt32BE(name ? name.length + 1 : 0, at);
    at = bytes.writeUInt32BE(tag ? tag.length + 1 : 0, at);
  }
  if (!dense) for (const offset of offsets) at = bytes.writeUInt32BE(offset - range.first, at);
  for (const part of [...texts, ...records.map(({ value }) => value)]) {
    if (!part) continue;
    bytes.set(part, at);
    at += part.length;
  }
  bytes.writeUInt32BE(crc32(bytes.subarray(FRAME_HEADER_BYTES)), BODY_CHECKSUM);
  bytes.writeUInt32BE(crc32(bytes.subarray(BODY_CHECKSUM, FRAME_HEADER_BYTES)), HEADER_CHECKSUM);
  return whole;
}

/** `undefined` if no frame begins at `at`, or its header is damaged or cut off. */
export function readFrameHeader(bytes: Buffer, at: number): FrameHeader | undefined {
  if (bytes.length - at < FRAME_HEADER_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) !== 0)
    return undefined;
  const checksum = crc32(bytes.subarray(at + BODY_CHECKSUM, at + FRAME_HEADER_BYTES));
  if (checksum !== bytes.readUInt32BE(at + HEADER_CHECKSUM)) return undefined;
  const first = bytes.readDoubleBE(at + FIRST);
  return {
    length: bytes.readUInt32BE(at + LENGTH),
    first,
    last: first + bytes.readUInt32BE(at + SPAN) - 1,
    timestampMs: bytes.readDoubleBE(at + TIMESTAMP),
    latestMs: bytes.readDoubleBE(at + LATEST),
    count: bytes.readUInt32BE(at + COUNT),
  };
}

/** Where the next frame may begin, from `at` on; -1 if nowhere. */
export function nextFrameMagic(bytes: Buffer, at: number): number {
  return bytes.indexOf(MAGIC, at);
}

/** @param bytes of the whole frame */
export function isIntact(bytes: Buffer): boolean {
  return crc32(bytes.subarray(FRAME_HEADER_BYTES)) === bytes.readUInt32BE(BODY_CHECKSUM);
}

/** The values are views of `bytes`, which are those of a whole frame that is intact. */
export function decodeFrame(bytes: Buffer, { first, last, timestampMs, count }: FrameHeader): Frame {
  const dense = last - first + 1 === count;
  const deltas = FRAME_HEADER_BYTES + count * ENTRY_BYTES;
  let text = dense ? deltas : deltas + count * 4;
  let body = text;
  for (let entry = FRAME_HEADER_BYTES; entry < deltas; entry += ENTRY_BYTES)
    body += lengthOf(bytes, entry + 4) + lengthOf(bytes, entry + 8);
  const offsets: number[] = [];
  const records: NewRecord[] = [];
  for (let index = 0; index < count; index++) {
    const entry = FRAME_HEADER_BYTES + index * ENTRY_BYTES;
    const record: NewRecord = { value: null };
    if (bytes.readUInt32BE(entry) > 0) record.value = bytes.subarray(body, (body += lengthOf(bytes, entry)));
    if (bytes.readUInt32BE(entry + 4) > 0)
      record.key = bytes.toString("utf8", text, (text += lengthOf(bytes, entry + 4)));
    if (bytes.readUInt32BE(entry + 8) > 0)
      record.consumerTag = bytes.toString("utf8", text, (text += lengthOf(bytes, entry + 8)));
    offsets.push(dense ? first + index : first + bytes.readUInt32BE(deltas + index * 4));
    records.push(record);
  }
  return { first: offsets[0] ?? first, timestampMs, offsets, records };
}

function lengthOf(bytes: Buffer, at: number): number {
  return Math.max(0, bytes.readUInt32BE(at) - 1);
}
