/**
 * A page of an LMDB file, read without LMDB, which trusts every byte: here nothing is believed that does not lie within its
 * page. A node's key and value may still be wrong; their checksum tells.
 * @pure
 */

const HEADER = 24;
const AT = { number: 0, transaction: 8, flags: 18, lower: 20, upper: 22 } as const;
const BRANCH = 0x01;
const LEAF = 0x02;
const KIND = 0x6f;
const NODE_HEADER = 8;
const BIG = 0x01;
const SUBTABLE = 0x02;

/** Where a value lies that has pages of its own. */
interface Elsewhere {
  page: number;
  bytes: number;
}

export interface Node {
  key: Buffer;
  value: Buffer | Elsewhere;
  /** Its value describes a table. */
  isTable: boolean;
}

interface Child {
  /** All keys below it are this one or greater; empty for the first. */
  key: Buffer;
  page: number;
}

export interface Page {
  /** The transaction that wrote it: of two pages with the same key the later one is right. */
  transaction: number;
  /** All its nodes can be read, and their keys ascend. */
  isWhole: boolean;
  /** Of a leaf: those that can be read. */
  nodes?: readonly Node[];
  /** Of a branch: those that can be read. */
  children?: readonly Child[];
}

/** A table: its root, and how many rows it has. */
export interface Table {
  root: number | undefined;
  rows: number;
}

/** `undefined` unless it is the leaf or branch that its number says. */
export function parsePage(bytes: Buffer, number: number): Page | undefined {
  if (bytes.length < HEADER || wholeNumber(bytes, AT.number) !== number) return undefined;
  const kind = bytes.readUInt16LE(AT.flags) & KIND;
  const lower = bytes.readUInt16LE(AT.lower) + HEADER;
  const upper = bytes.readUInt16LE(AT.upper) + HEADER;
  if ((kind !== LEAF && kind !== BRANCH) || lower > upper || upper > bytes.length || lower % 2 !== 0) return undefined;
  const starts: number[] = [];
  for (let at = HEADER; at < lower; at += 2) starts.push(bytes.readUInt16LE(at) + HEADER);
  const transaction = wholeNumber(bytes, AT.transaction);
  if (kind === BRANCH) {
    const children = starts.flatMap((start) => childAt(bytes, start) ?? []);
    return { transaction, isWhole: children.length === starts.length && ascends(children), children };
  }
  const nodes = starts.flatMap((start) => nodeAt(bytes, start) ?? []);
  return { transaction, isWhole: nodes.length === starts.length && ascends(nodes), nodes };
}

function ascends(keyed: readonly { key: Buffer }[]): boolean {
  return keyed.every(({ key }, index) => index === 0 || Buffer.compare(keyed[index - 1]?.key ?? key, key) < 0);
}

function childAt(bytes: Buffer, start: number): Child | undefined {
  const key = keyAt(bytes, start);
  if (!key) return undefined;
  return { key, page: bytes.readUInt32LE(start) + bytes.readUInt16LE(start + 4) * 2 ** 32 };
}

function nodeAt(bytes: Buffer, start: number): Node | undefined {
  const key = keyAt(bytes, start);
  if (!key) return undefined;
  const size = bytes.readUInt32LE(start);
  const flags = bytes.readUInt16LE(start + 4);
  const value = start + NODE_HEADER + key.length;
  const isTable = (flags & SUBTABLE) !== 0;
  if ((flags & BIG) !== 0) {
    if (value + 8 > bytes.length) return undefined;
    return { key, value: { page: wholeNumber(bytes, value), bytes: size }, isTable };
  }
  return value + size > bytes.length ? undefined : { key, value: bytes.subarray(value, value + size), isTable };
}

function keyAt(bytes: Buffer, start: number): Buffer | undefined {
  if (start + NODE_HEADER > bytes.length) return undefined;
  const end = start + NODE_HEADER + bytes.readUInt16LE(start + 6);
  return end > bytes.length ? undefined : bytes.subarray(start + NODE_HEADER, end);
}

const TABLE_BYTES = 48;
const NO_PAGE = 2n ** 64n - 1n;

/** What the value of a table's node says; `undefined` if it is too short. */
export function parseTable(bytes: Buffer): Table | undefined {
  if (bytes.length < TABLE_BYTES) return undefined;
  const root = bytes.readBigUInt64LE(40);
  return { root: root === NO_PAGE ? undefined : Number(root), rows: wholeNumber(bytes, 32) };
}

/** Where a page's data begins that belongs to one value alone. */
export const VALUE_AT: number = HEADER;

/** Far beyond any page's number where the bytes are none. */
function wholeNumber(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
