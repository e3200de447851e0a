/**
 * The records of one kind: found by id at once, and listed in the order of ids.
 * @pure
 */
import type { Versioned } from "../ports.ts";

export class RecordTable {
  readonly #records = new Map<string, Versioned<unknown>>();
  /**
   * The ids as of the last `#tidy`, sorted by UTF-16 code units, then those added since. Sorting them only when they are
   * listed is what makes a write cheap where there are 10^5 of them.
   */
  #ids: string[] = [];
  #tidied = true;

  get(id: string): Versioned<unknown> | undefined {
    return this.#records.get(id);
  }

  set(id: string, record: Versioned<unknown>): void {
    if (!this.#records.has(id)) {
      this.#ids.push(id);
      this.#tidied = false;
    }
    this.#records.set(id, record);
    if (this.#ids.length > 2 * this.#records.size + 100) this.#tidy();
  }

  remove(id: string): void {
    if (this.#records.delete(id)) this.#tidied = false;
  }

  page({ after, limit }: { after?: string; limit: number }): (Versioned<unknown> & { id: string })[] {
    if (!this.#tidied) this.#tidy();
    const start = after === undefined ? 0 : this.#indexBehind(after);
    return this.#ids.slice(start, start + limit).flatMap((id) => {
      const record = this.#records.get(id);
      return record ? [{ id, ...record }] : [];
    });
  }

  /** Sorts, and drops the ids of removed records, and the second one of those that came again. */
  #tidy(): void {
    this.#ids.sort();
    this.#ids = this.#ids.filter((id, index, all) => id !== all[index - 1] && this.#records.has(id));
    this.#tidied = true;
  }

  #indexBehind(after: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? after) <= after) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
