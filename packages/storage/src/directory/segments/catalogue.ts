/**
 * Which logs there are. Each is a row.
 */
import type { RowChange, Rows } from "../../in-process/rows.ts";
import type { LogId, LogPolicy } from "../../ports.ts";

const LOG = "log";
const LAST = "log-number";
/** By number: logs that are gone, of which there may be files. */
const REMOVED = "log-removed";

interface LogRow {
  /** Never used again, so that a log of the same id finds nothing of the old one. */
  readonly number: number;
  readonly partitions: number;
  readonly policy: LogPolicy;
}

export interface StoredLog extends LogRow {
  readonly id: LogId;
}

export class Catalogue {
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  find(id: LogId): StoredLog | undefined {
    const row = this.#rows.get(LOG, id)?.value as LogRow | undefined;
    return row && { id, ...row };
  }

  ids(): Iterable<LogId> {
    return this.#rows.ids(LOG);
  }

  /** Of the log that was created last; 0 if none was. */
  get lastNumber(): number {
    return (this.#rows.get(LAST, "")?.value as number | undefined) ?? 0;
  }

  /** Resolves when the log is on disk as it is. @throws {StorageFailedError} */
  durable(id: LogId): Promise<void> {
    return this.#rows.settled(LOG, [id]);
  }

  async create(id: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    const number = this.lastNumber + 1;
    const row: LogRow = { number, partitions, policy };
    await this.#rows.write([
      { table: LOG, id, value: row },
      { table: LAST, id: "", value: number },
    ]);
  }

  async update(stored: StoredLog, to: Partial<Pick<StoredLog, "partitions" | "policy">>): Promise<void> {
    const { id, ...row } = stored;
    await this.#rows.write([{ table: LOG, id, value: { ...row, ...to } satisfies LogRow }]);
  }

  /** @param more rows that go with it */
  async remove(stored: StoredLog, more: readonly RowChange[]): Promise<void> {
    await this.#rows.write([
      { table: LOG, id: stored.id, value: undefined },
      { table: REMOVED, id: String(stored.number), value: true },
      ...more,
    ]);
  }

  /** Numbers that no new log gets, because there are files of them. */
  skipNumbers(numbers: readonly number[]): void {
    this.#rows.note(LAST, "", Math.max(this.lastNumber, ...numbers));
  }

  /** Numbers of logs that are gone, of which there may be files. */
  get removed(): readonly number[] {
    return Array.from(this.#rows.ids(REMOVED), Number);
  }

  /** There are none any more. */
  async discarded(number: number): Promise<void> {
    await this.#rows.write([{ table: REMOVED, id: String(number), value: undefined }]);
  }
}
