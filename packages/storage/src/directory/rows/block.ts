/**
 * A block of the snapshot: rows of one table. The index says which rows there are and how long each value is, so that a
 * value is not touched before its row is.
 *
 *     magic 4 | CRC-32 of what follows 4 | length of name 4, of index 4, of values 4 | name | index | values
 *
 * The index is JSON: an array of ids, of versions, of lengths. The block without a name at the start and the end of a
 * snapshot holds an object instead.
 */
import { crc32 } from "node:zlib";
import { frozen } from "../../in-process/frozen.ts";
import type { Row, UnparsedRow } from "../../in-process/row-table.ts";

const MAGIC = 0x6e_6b_72_77;
const HEAD = 20;

export interface Block {
  /** Empty in the first and the last block of a snapshot. */
  table: string;
  /** All of it. */
  bytes: Buffer;
  index(): unknown;
  rows(): Iterable<readonly [id: string, row: UnparsedRow]>;
}

/** The bytes of a block, head first. */
export function encodeBlock(table: string, index: unknown, values: readonly Uint8Array[] = []): readonly Uint8Array[] {
  const name = Buffer.from(table);
  const json = Buffer.from(JSON.stringify(index));
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(name.length, 8);
  head.writeUInt32LE(json.length, 12);
  head.writeUInt32LE(
    values.reduce((sum, value) => sum + value.length, 0),
    16,
  );
  const parts = [head, name, json, ...values];
  head.writeUInt32LE(
    parts.reduce((sum, part, index) => crc32(index === 0 ? head.subarray(8) : part, sum), 0),
    4,
  );
  return parts;
}

/** The block that begins at `at`; undefined where there is none that is as it was written. */
export function blockAt(snapshot: Buffer, at: number): Block | undefined {
  if (at + HEAD > snapshot.length || snapshot.readUInt32LE(at) !== MAGIC) return undefined;
  const nameAt = at + HEAD;
  const indexAt = nameAt + snapshot.readUInt32LE(at + 8);
  const valuesAt = indexAt + snapshot.readUInt32LE(at + 12);
  const end = valuesAt + snapshot.readUInt32LE(at + 16);
  if (end > snapshot.length || crc32(snapshot.subarray(at + 8, end)) !== snapshot.readUInt32LE(at + 4))
    return undefined;
  const index = (): unknown => JSON.parse(snapshot.toString("utf8", indexAt, valuesAt));
  return {
    table: snapshot.toString("utf8", nameAt, indexAt),
    bytes: snapshot.subarray(at, end),
    index,
    *rows() {
      const [ids, versions, lengths] = index() as [string[], number[], number[]];
      let start = valuesAt;
      for (const [position, id] of ids.entries()) {
        const stop = start + (lengths[position] ?? 0);
        yield [id, new BlockRow(snapshot, versions[position] ?? 0, start, stop)];
        start = stop;
      }
    },
  };
}

/** Where the next block may begin, behind one that is damaged. */
export function nextBlockAt(snapshot: Buffer, after: number): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  const found = snapshot.indexOf(magic, after + 1);
  return found < 0 ? snapshot.length : found;
}

class BlockRow implements UnparsedRow {
  readonly version: number;
  readonly #snapshot: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(snapshot: Buffer, version: number, start: number, end: number) {
    this.#snapshot = snapshot;
    this.version = version;
    this.#start = start;
    this.#end = end;
  }

  get bytes(): Uint8Array {
    return this.#snapshot.subarray(this.#start, this.#end);
  }

  parse(): Row {
    const value = frozen(JSON.parse(this.#snapshot.toString("utf8", this.#start, this.#end)));
    return Object.freeze({ value, version: this.version });
  }
}
