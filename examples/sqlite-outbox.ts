/** An outbox in SQLite: rows are written in the transaction of the change that they announce, and published by the process that holds the lease. */
import { type OutboxRow, type OutboxStore, rawEvent, type Settlement } from "nakadi-client";
import type sqlite from "node-sqlite3-wasm";

export type Database = InstanceType<typeof sqlite.Database>;

interface SqliteRow extends OutboxRow {
  readonly id: number;
}

/** Longer than a claim's events may take to be published: `publisher.retry.maxElapsedMs` and a little more. */
const LEASE_MS = 120_000;

export class SqliteOutbox implements OutboxStore<SqliteRow> {
  readonly #database: Database;
  /** The name under which this process claims; another process has another one. */
  readonly #owner = crypto.randomUUID();

  constructor(database: Database) {
    this.#database = database;
    database.exec(`
      CREATE TABLE IF NOT EXISTS outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, event_type TEXT NOT NULL, event TEXT NOT NULL CHECK (json_valid(event)),
        rejected TEXT);
      CREATE TABLE IF NOT EXISTS outbox_lease (id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT, until INTEGER NOT NULL);
      INSERT OR IGNORE INTO outbox_lease (id, until) VALUES (1, 0)`);
  }

  /** To be called in a transaction of the program. */
  add(eventType: string, event: object): void {
    this.#database.run("INSERT INTO outbox (event_type, event) VALUES (?, ?)", [eventType, JSON.stringify(event)]);
  }

  async claim(limit: number, work: (rows: readonly SqliteRow[]) => Promise<Settlement<SqliteRow>>): Promise<void> {
    const now = Date.now();
    const lease = "UPDATE outbox_lease SET owner = ?, until = ? WHERE owner IS NULL OR until < ?";
    if (this.#database.run(lease, [this.#owner, now + LEASE_MS, now]).changes === 0) return;
    try {
      const rows = this.#oldest(limit);
      if (rows.length > 0) this.#carryOut(await work(rows));
    } finally {
      this.#database.run("UPDATE outbox_lease SET owner = NULL WHERE owner = ?", [this.#owner]);
    }
  }

  #oldest(limit: number): SqliteRow[] {
    const oldest = "SELECT id, event_type, event FROM outbox WHERE rejected IS NULL ORDER BY id LIMIT ?";
    const rows = this.#database.all(oldest, [limit]) as { id: number; event_type: string; event: string }[];
    return rows.map(({ id, event_type, event }) => ({ id, eventType: event_type, event: rawEvent(event) }));
  }

  #carryOut({ published, rejected }: Settlement<SqliteRow>): void {
    inTransaction(this.#database, () => {
      for (const { id } of published) this.#database.run("DELETE FROM outbox WHERE id = ?", [id]);
      for (const { row, detail } of rejected)
        this.#database.run("UPDATE outbox SET rejected = ? WHERE id = ?", [detail ?? "rejected", row.id]);
    });
  }
}

/** Nothing in it may wait: the connection is shared. */
export function inTransaction(database: Database, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
