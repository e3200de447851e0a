/**
 * The rows of one table: found by id at once, and listed in the order of ids.
 * @pure
 */
import { firstIndex } from "./binary-search.ts";
import type { Versioned } from "../ports.ts";

export type Row = Versioned<unknown>;

/** A row whose value is not parsed before its first use. */
export interface UnparsedRow {
  readonly version: number;
  /** The value's JSON. */
  readonly bytes: Uint8Array;
  parse(): Row;
}

export class RowTable {
  readonly #rows = new Map<string, Row | UnparsedRow>();
  /**
   * The ids as of the last `#tidy`, sorted by UTF-16 code units, then those added since. Sorting them only when they are
   * listed keeps a write cheap where there are 10^5 of them.
   */
  #ids: string[] = [];
  #tidied = true;

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): Row | undefined {
    const row = this.#rows.get(id);
    if (!row || !("parse" in row)) return row;
    const parsed = row.parse();
    this.#rows.set(id, parsed);
    return parsed;
  }

  set(id: string, row: Row | UnparsedRow): void {
    if (!this.#rows.has(id)) {
      this.#ids.push(id);
      this.#tidied = false;
    }
    this.#rows.set(id, row);
    if (this.#ids.length > 2 * this.#rows.size + 100) this.#tidy();
  }

  remove(id: string): void {
    if (this.#rows.delete(id)) this.#tidied = false;
  }

  /** In no order; a row that changes during the walk may come as it was, as it is, or twice. */
  entries(): Iterable<readonly [id: string, row: Row | UnparsedRow]> {
    return this.#rows.entries();
  }

  ids(): Iterable<string> {
    return this.#rows.keys();
  }

  page({ after, limit }: { after?: string; limit: number }): (Row & { id: string })[] {
    if (!this.#tidied) this.#tidy();
    const start = after === undefined ? 0 : firstIndex(this.#ids, 0, (id) => id > after);
    return this.#ids.slice(start, start + limit).flatMap((id) => {
      const row = this.get(id);
      return row ? [{ id, ...row }] : [];
    });
  }

  /** Sorts, and drops the ids of removed rows, and the second one of those that came again. */
  #tidy(): void {
    this.#ids.sort();
    this.#ids = this.#ids.filter((id, index, all) => id !== all[index - 1] && this.#rows.has(id));
    this.#tidied = true;
  }
}
