/**
 * Which logs there are. Each is a row, read when it is first asked for.
 */
import { Hints } from "../../in-process/hints.ts";
import type { RowChange, Rows } from "../../in-process/rows.ts";
import type { LogId, LogPolicy } from "../../ports.ts";

const LOG = "log";
const LAST = "log-number";
/** By number: logs that are gone, of which there may be files. */
const REMOVED = "log-removed";

export interface StoredLog {
  readonly id: LogId;
  /** Never used again, so that a log that comes again finds nothing of the old one. */
  readonly number: number;
  readonly appended: Hints<number>;
  partitions: number;
  policy: LogPolicy;
}

export type LogRow = Pick<StoredLog, "number" | "partitions" | "policy">;

export class Catalogue {
  readonly #rows: Rows;
  readonly #touched = new Map<LogId, StoredLog>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  find(id: LogId): StoredLog | undefined {
    const touched = this.#touched.get(id);
    if (touched) return touched;
    const row = this.peek(id);
    if (!row) return undefined;
    const found = { id, appended: new Hints<number>(), ...row };
    this.#touched.set(id, found);
    return found;
  }

  /** Without holding it from now on. */
  peek(id: LogId): LogRow | undefined {
    return this.#touched.get(id) ?? (this.#rows.get(LOG, id)?.value as LogRow | undefined);
  }

  ids(): Iterable<LogId> {
    return this.#rows.ids(LOG);
  }

  /** Resolves when the log is on disk as it is. @throws {StorageFailedError} */
  durable(id: LogId): Promise<void> {
    return this.#rows.settled(LOG, [id]);
  }

  async create(id: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    const number = ((this.#rows.get(LAST, "")?.value as number | undefined) ?? 0) + 1;
    const row: LogRow = { number, partitions, policy };
    await this.#write(id, [
      { table: LOG, id, value: row },
      { table: LAST, id: "", value: number },
    ]);
  }

  async update(stored: StoredLog, to: Partial<Pick<StoredLog, "partitions" | "policy">>): Promise<void> {
    Object.assign(stored, to);
    const { id, number, partitions, policy } = stored;
    await this.#write(id, [{ table: LOG, id, value: { number, partitions, policy } satisfies LogRow }]);
  }

  /** @param more rows that go with it */
  async remove(stored: StoredLog, more: readonly RowChange[]): Promise<void> {
    this.#touched.delete(stored.id);
    await this.#write(stored.id, [
      { table: LOG, id: stored.id, value: undefined },
      { table: REMOVED, id: String(stored.number), value: true },
      ...more,
    ]);
  }

  /** Numbers that no new log gets, because there are files of them. */
  skipNumbers(numbers: readonly number[]): void {
    const last = (this.#rows.get(LAST, "")?.value as number | undefined) ?? 0;
    this.#rows.note(LAST, "", Math.max(last, ...numbers));
  }

  /** Numbers of logs that are gone, of which there may be files. */
  get removed(): readonly number[] {
    return Array.from(this.#rows.ids(REMOVED), Number);
  }

  /** There are none any more. */
  async discarded(number: number): Promise<void> {
    await this.#rows.write([{ table: REMOVED, id: String(number), value: undefined }]);
  }

  async #write(id: LogId, changes: readonly RowChange[]): Promise<void> {
    try {
      await this.#rows.write(changes);
    } catch (error) {
      // The rows are again what is on disk.
      this.#touched.delete(id);
      throw error;
    }
  }
}
