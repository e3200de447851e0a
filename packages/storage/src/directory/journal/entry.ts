/**
 * An entry of the journal as bytes:
 *
 *     4  magic "NKJ1"           4  length of the payload     8  position of the entry
 *     4  bytes from the beginning of its group               1  kind, 3 unused
 *     4  CRC-32 of the header so far and of the payload
 *     then the payload
 *
 * A file that is used again still holds old entries: the position of an entry tells them apart. All entries of a group are
 * written before one sync, and no entry of the next group before that.
 */
import { crc32 } from "node:zlib";

/** `frames`: one append to one partition of one log. `rows`: all rows of one write. */
export type EntryKind = "frames" | "rows";

/** A place in the journal: bytes from its very beginning; grows with each entry and is never used again. */
export type JournalPosition = number;

/** An entry as it was found when the directory was opened. */
export interface Entry {
  kind: EntryKind;
  /** Where it begins, and where it ends. */
  position: JournalPosition;
  end: JournalPosition;
  /** Belongs to the receiver. */
  payload: Buffer;
}

export const HEADER_BYTES = 28;

const MAGIC = Buffer.from("NKJ1", "latin1");
const LENGTH = 4;
const POSITION = 8;
const DISTANCE = 16;
const KIND = 20;
const CHECKSUM = 24;
const KINDS: readonly EntryKind[] = ["frames", "rows"];

export interface EntryHeader {
  kind: EntryKind;
  position: JournalPosition;
  /** Where its group begins. */
  group: JournalPosition;
  length: number;
}

/** Writes the header of an entry with the payload `parts` into `bytes` at `at`. */
export function writeHeader(bytes: Buffer, at: number, header: EntryHeader, parts: readonly Uint8Array[]): void {
  bytes.set(MAGIC, at);
  bytes.writeUInt32BE(header.length, at + LENGTH);
  bytes.writeDoubleBE(header.position, at + POSITION);
  bytes.writeUInt32BE(header.position - header.group, at + DISTANCE);
  bytes.writeUInt32BE(KINDS.indexOf(header.kind) << 24, at + KIND);
  let checksum = crc32(bytes.subarray(at, at + CHECKSUM));
  for (const part of parts) checksum = crc32(part, checksum);
  bytes.writeUInt32BE(checksum, at + CHECKSUM);
}

/** What `bytes` says at `at`, which is `position` in the journal; `undefined` if no entry begins there. */
export function readHeader(bytes: Buffer, at: number, position: JournalPosition): EntryHeader | undefined {
  if (bytes.length - at < HEADER_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) !== 0)
    return undefined;
  const kind = KINDS[bytes.readUInt8(at + KIND)];
  if (!kind || bytes.readDoubleBE(at + POSITION) !== position) return undefined;
  const length = bytes.readUInt32BE(at + LENGTH);
  return { kind, position, group: position - bytes.readUInt32BE(at + DISTANCE), length };
}

/** @param bytes of the whole entry */
export function isWhole(bytes: Buffer): boolean {
  const checksum = crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, CHECKSUM)));
  return checksum === bytes.readUInt32BE(CHECKSUM);
}

/** Where the next header may begin, from `at` on; -1 if nowhere. */
export function nextMagic(bytes: Buffer, at: number): number {
  return bytes.indexOf(MAGIC, at);
}
