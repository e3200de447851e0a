/**
 * All rows in one file, as of a position of the journal. It is written while the rows change: a row in it may be newer than
 * the position, and replaying the journal from there repeats what has made it so. It is read as a whole, and taken apart
 * one table at a time, when the table is first used.
 */
import { join } from "node:path";
import type { Row, UnparsedRow } from "../../in-process/row-table.ts";
import type { Rows, StoredTable } from "../../in-process/rows.ts";
import type { Files } from "../files.ts";
import { blockAt, encodeBlock, nextBlockAt } from "./block.ts";
import type { Block } from "./block.ts";

export const SNAPSHOT = "snapshot";
/** Of a snapshot that is being written. */
const NEW_SNAPSHOT = "snapshot.new";
/** Bytes of values in one block, which one turn of the event loop makes. */
const BLOCK_BYTES = 128 * 1024;
const BLOCK_ROWS = 1_000;

interface SnapshotHeader {
  /** Entries of the journal from here on belong to it. */
  position: number;
  /** The last version that a row has got. */
  version: number;
}

export interface Snapshot extends SnapshotHeader {
  tables: ReadonlyMap<string, StoredTable>;
  /** What is not as it was written; empty if nothing is. */
  damage: readonly string[];
}

/**
 * @param durable resolves when every write that the rows have seen up to its call is durable: no row may be in a snapshot
 *   that a crash takes back
 * @returns bytes of the snapshot
 */
export async function writeSnapshot(
  files: Files,
  directory: string,
  { rows, position, durable }: { rows: Rows; position: number; durable: () => Promise<void> },
): Promise<number> {
  const temporary = join(directory, NEW_SNAPSHOT);
  const file = await files.open(temporary, "create");
  let bytes = 0;
  let blocks = 0;
  const write = async (parts: readonly Uint8Array[]): Promise<void> => {
    await file.writev(parts, bytes);
    for (const part of parts) bytes += part.length;
    blocks += 1;
  };
  try {
    await file.truncate(0);
    await write(encodeBlock("", { position, version: rows.version } satisfies SnapshotHeader));
    for (const [name, table] of rows.tables()) {
      if ("blocks" in table) for (const block of table.blocks) await write([block]);
      else for (const block of blocksOf(name, table.entries())) await write(block);
    }
    await write(encodeBlock("", { blocks }));
    await durable();
    await file.datasync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, join(directory, SNAPSHOT));
  await files.syncDirectory(directory);
  return bytes;
}

/** Undefined where there is none. */
export async function readSnapshot(files: Files, directory: string): Promise<Snapshot | undefined> {
  if (!(await files.list(directory)).includes(SNAPSHOT)) return undefined;
  const file = await files.open(join(directory, SNAPSHOT), "read");
  try {
    const bytes = Buffer.allocUnsafe(await file.size());
    return parseSnapshot(bytes.subarray(0, await file.read(bytes, 0)));
  } finally {
    await file.close();
  }
}

function parseSnapshot(bytes: Buffer): Snapshot {
  const damage: string[] = [];
  const tables = new Map<string, BlockTable>();
  let header: Partial<SnapshotHeader> | undefined;
  let blocks = 0;
  let end: number | undefined;
  for (let at = 0; at < bytes.length;) {
    const block = blockAt(bytes, at);
    if (!block) {
      const next = nextBlockAt(bytes, at);
      damage.push(`bytes ${at} to ${next}`);
      at = next;
      continue;
    }
    at += block.bytes.length;
    if (block.table !== "") {
      const table = tables.get(block.table);
      if (table) table.add(block);
      else tables.set(block.table, new BlockTable(block));
    } else if (blocks === 0) header = block.index() as SnapshotHeader;
    else ({ blocks: end } = block.index() as { blocks?: number });
    blocks += 1;
  }
  if (header === undefined) damage.push("the start is missing");
  if (end !== blocks - 1) damage.push("the end is missing");
  return { position: header?.position ?? 0, version: header?.version ?? 0, tables, damage };
}

class BlockTable implements StoredTable {
  readonly #blocks: Block[];

  constructor(first: Block) {
    this.#blocks = [first];
  }

  add(block: Block): void {
    this.#blocks.push(block);
  }

  get blocks(): readonly Uint8Array[] {
    return this.#blocks.map(({ bytes }) => bytes);
  }

  *rows(): Iterable<readonly [id: string, row: UnparsedRow]> {
    for (const block of this.#blocks) yield* block.rows();
  }
}

function* blocksOf(
  table: string,
  rows: Iterable<readonly [id: string, row: Row | UnparsedRow]>,
): Iterable<readonly Uint8Array[]> {
  let ids: string[] = [];
  let versions: number[] = [];
  let values: Uint8Array[] = [];
  let bytes = 0;
  for (const [id, row] of rows) {
    const value = "parse" in row ? row.bytes : Buffer.from(JSON.stringify(row.value));
    ids.push(id);
    versions.push(row.version);
    values.push(value);
    bytes += value.length;
    if (bytes < BLOCK_BYTES && ids.length < BLOCK_ROWS) continue;
    yield encodeBlock(table, [ids, versions, values.map(({ length }) => length)], values);
    [ids, versions, values, bytes] = [[], [], [], 0];
  }
  if (ids.length > 0) yield encodeBlock(table, [ids, versions, values.map(({ length }) => length)], values);
}
