/**
 * LMDB as the rest of the engine sees it: one table a kind of row, binary keys and values that belong to the caller, and
 * writes that are durable when they resolve.
 */
import { statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import type * as Lmdb from "lmdb";

/** LMDB comes as one file for `require`, and as many for `import`, which take twice as long. */
const require = createRequire(import.meta.url);

/** `frames`: events. `logs`, `bases`, `removed`: what is known of a log, of a partition, of a log that is being deleted. */
export const TABLES = ["frames", "logs", "bases", "removed", "metadata", "groups", "progress", "counters"] as const;

export type Table = (typeof TABLES)[number];

export interface Change {
  table: Table;
  key: Uint8Array;
  /** null removes the row. */
  value: Uint8Array | null;
}

interface Row {
  key: Buffer;
  value: Buffer;
}

/** All that the engine asks of a store. */
export interface Store {
  get(table: Table, key: Uint8Array): Buffer | undefined;
  /** The greatest key that is not greater than `at`, and not less than `from`. */
  floor(table: Table, at: Uint8Array, from: Uint8Array): Buffer | undefined;
  /** Rows from `start` up to, but not including `end`, in the order of their keys; each is read when it is asked for. */
  rows(table: Table, start: Uint8Array, end: Uint8Array): Iterable<Row>;
  keys(table: Table, start: Uint8Array, end: Uint8Array, limit: number): Iterable<Buffer>;
  /** One transaction: all or nothing. Visible to reads only when it is durable. Only one at a time. */
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

export function openStore(directory: string): Store {
  const { open } = require("lmdb") as typeof Lmdb;
  // Without overlapping syncs a commit is the usual one of LMDB: pages, fdatasync, then the meta page through O_DSYNC.
  // Its promise is the flush, and it rejects where the sync fails; the overlapped one is no faster here, and only hangs.
  const root = open({
    path: directory,
    noSubdir: false,
    overlappingSync: false,
    // Its own batches leave a promise that nobody can observe, and that ends the process when a commit fails.
    eventTurnBatching: false,
    maxDbs: TABLES.length,
    encoding: "binary",
    keyEncoding: "binary",
  });
  return new LmdbStore(root, directory);
}

type BinaryTable = Lmdb.Database<Uint8Array, Uint8Array>;

class LmdbStore implements Store {
  readonly #root: Lmdb.RootDatabase;
  readonly #directory: string;
  readonly #tables: Readonly<Record<Table, BinaryTable>>;

  constructor(root: Lmdb.RootDatabase, directory: string) {
    this.#root = root;
    this.#directory = directory;
    const tables: Partial<Record<Table, BinaryTable>> = {};
    // Each would be a commit of its own.
    root.transactionSync(() => {
      for (const name of TABLES) tables[name] = root.openDB({ name, encoding: "binary", keyEncoding: "binary" });
    });
    this.#tables = tables as Record<Table, BinaryTable>;
  }

  get(table: Table, key: Uint8Array): Buffer | undefined {
    return this.#tables[table].getBinary(key);
  }

  floor(table: Table, at: Uint8Array, from: Uint8Array): Buffer | undefined {
    for (const key of this.#tables[table].getKeys({ start: at, reverse: true, limit: 1 })) {
      if (Buffer.compare(key, from) >= 0) return key as Buffer;
    }
    return undefined;
  }

  rows(table: Table, start: Uint8Array, end: Uint8Array): Iterable<Row> {
    return this.#tables[table].getRange({ start, end }) as Iterable<Row>;
  }

  keys(table: Table, start: Uint8Array, end: Uint8Array, limit: number): Iterable<Buffer> {
    return this.#tables[table].getKeys({ start, end, limit }) as Iterable<Buffer>;
  }

  async write(changes: readonly Change[]): Promise<void> {
    try {
      await this.#root.batch(() => {
        // Inside a batch these promises say nothing; the one of the batch does.
        for (const { table, key, value } of changes) {
          void (value === null ? this.#tables[table].remove(key) : this.#tables[table].put(key, value));
        }
      });
    } catch (error) {
      throw await reasonOf(error, this.#directory);
    }
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

const LITTLE_SPACE_BYTES = 1024 * 1024;

/**
 * LMDB rejects a commit with an error that tells why by a promise of its own, which must not go unobserved. It calls a full
 * disk an input/output error.
 */
async function reasonOf(thrown: unknown, directory: string): Promise<unknown> {
  const { commitError } = thrown as { commitError?: Promise<never> };
  const reason = await commitError?.catch((cause: unknown) => cause);
  const space = await statfs(directory).catch(() => undefined);
  if (space && space.bavail * space.bsize < LITTLE_SPACE_BYTES)
    return Object.assign(new Error("no space left on the disk", { cause: reason }), { code: "ENOSPC" });
  return reason ?? thrown;
}
