/**
 * Everything that an engine within one process keeps beside events: tables of rows in memory, as they are about to be on
 * disk. A write takes effect at once and is durable later, so a reader waits until what it saw is durable. A journal that
 * fails takes back what was not: afterwards the rows are those that are certainly on disk.
 * @pure
 */
import { frozen } from "./frozen.ts";
import { RowTable } from "./row-table.ts";
import type { Row, UnparsedRow } from "./row-table.ts";

/** The absolute new state of one row, frozen; undefined removes the row. */
export interface RowChange {
  table: string;
  id: string;
  value: unknown;
}

/** One write as it is journaled: the version that its rows get, and the rows; one without a value is removed. */
export type RowEntry = readonly [
  version: number,
  ...rows: (readonly [table: string, id: string] | readonly [table: string, id: string, value: unknown])[],
];

/**
 * Resolves when the entry is durable, in the order of the calls, and rejects if it is not known to be. A journal that takes
 * nothing any more throws at once, or rejects.
 */
export type WriteEntry = (entry: RowEntry) => Promise<unknown>;

interface Write {
  /** The rows that it has changed, as they were before. */
  before: readonly { table: string; id: string; row: Row | undefined }[];
  durable: Promise<number>;
}

/** A table as a snapshot holds it; not taken apart before its first use. */
export interface StoredTable {
  blocks: readonly Uint8Array[];
  rows(): Iterable<readonly [id: string, row: UnparsedRow]>;
}

export class Rows {
  readonly #tables = new Map<string, RowTable>();
  readonly #stored = new Map<string, StoredTable>();
  readonly #writeEntry: WriteEntry | undefined;
  /** Writes that are not durable yet, in order. */
  readonly #underWay = new Set<Write>();
  /** The last of these by table and id. */
  readonly #unsettled = new Map<string, Map<string, Write>>();
  #version = 0;

  /** @param writeEntry undefined: a write is as good as durable at once */
  constructor(writeEntry?: WriteEntry) {
    this.#writeEntry = writeEntry;
  }

  /** Of the last write. No version is used again, also after a restart. */
  get version(): number {
    return this.#version;
  }

  get(table: string, id: string): Row | undefined {
    return this.#table(table)?.get(id);
  }

  page(table: string, page: { after?: string; limit: number }): readonly (Row & { id: string })[] {
    return this.#table(table)?.page(page) ?? [];
  }

  ids(table: string): Iterable<string> {
    return this.#table(table)?.ids() ?? [];
  }

  /** What `look` finds in the rows `ids` of a table, or in all of it, once it is durable. */
  async read<T>(table: string, ids: readonly string[] | undefined, look: () => T): Promise<T> {
    const found = look();
    try {
      await this.settled(table, ids);
      return found;
    } catch {
      return look();
    }
  }

  /** Resolves when rows are durable as they are now. @throws {StorageFailedError} where they are taken back */
  async settled(table: string, ids?: readonly string[]): Promise<void> {
    const unsettled = this.#unsettled.get(table);
    if (!unsettled) return;
    const writes = ids ? ids.flatMap((id) => unsettled.get(id) ?? []) : [...unsettled.values()];
    await Promise.all(writes.map(({ durable }) => durable));
  }

  /**
   * All rows get the same new version, with which it resolves when they are durable. Rows of a table that is not there make
   * one. @throws {StorageFailedError}
   */
  async write(changes: readonly RowChange[]): Promise<number> {
    const version = this.#version + 1;
    const durable = this.#writeEntry?.([
      version,
      ...changes.map(({ table, id, value }) =>
        value === undefined ? ([table, id] as const) : ([table, id, value] as const),
      ),
    ]);
    this.#version = version;
    const before = changes.map(({ table, id }) => ({ table, id, row: this.get(table, id) }));
    for (const { table, id, value } of changes)
      this.#put(table, id, value === undefined ? undefined : Object.freeze({ value, version }));
    if (!durable) return version;
    const write: Write = {
      before,
      durable: durable.then(
        () => this.#settle(write, version),
        (error: unknown) => this.#takeBack(error),
      ),
    };
    this.#underWay.add(write);
    for (const { table, id } of changes) {
      const unsettled = this.#unsettled.get(table);
      if (unsettled) unsettled.set(id, write);
      else this.#unsettled.set(table, new Map([[id, write]]));
    }
    return write.durable;
  }

  /** A row that its owner can make again from what else is journaled: it is in the next snapshot, and in no entry. */
  note(table: string, id: string, value: unknown): void {
    this.#put(table, id, value === undefined ? undefined : Object.freeze({ value, version: this.#version }));
  }

  /** What a snapshot holds, when the engine starts. */
  restore(version: number, tables: ReadonlyMap<string, StoredTable>): void {
    this.#version = version;
    for (const [name, table] of tables) this.#stored.set(name, table);
  }

  /** What a journaled write has done, when the engine starts. Repeating it changes nothing. */
  replay([version, ...rows]: RowEntry): void {
    this.#version = Math.max(this.#version, version);
    for (const [table, id, ...value] of rows)
      this.#put(table, id, value.length === 0 ? undefined : Object.freeze({ value: frozen(value[0]), version }));
  }

  /** All tables, for a snapshot; what changes while they are read may come as it was or as it is. */
  *tables(): Iterable<readonly [name: string, table: RowTable | StoredTable]> {
    yield* this.#stored;
    yield* this.#tables;
  }

  #table(name: string): RowTable | undefined {
    const stored = this.#stored.get(name);
    if (stored) {
      const table = new RowTable();
      for (const [id, row] of stored.rows()) table.set(id, row);
      this.#tables.set(name, table);
      this.#stored.delete(name);
    }
    return this.#tables.get(name);
  }

  #put(name: string, id: string, row: Row | undefined): void {
    let table = this.#table(name);
    if (!row) return table?.remove(id);
    if (!table) this.#tables.set(name, (table = new RowTable()));
    table.set(id, row);
  }

  #settle(write: Write, version: number): number {
    this.#underWay.delete(write);
    for (const { table, id } of write.before) {
      const unsettled = this.#unsettled.get(table);
      if (unsettled?.get(id) === write) unsettled.delete(id);
    }
    return version;
  }

  /** Of this write and all later ones, which fail with it. */
  #takeBack(error: unknown): never {
    for (const { before } of [...this.#underWay].reverse())
      for (const { table, id, row } of before) this.#put(table, id, row);
    this.#underWay.clear();
    this.#unsettled.clear();
    throw error;
  }
}
