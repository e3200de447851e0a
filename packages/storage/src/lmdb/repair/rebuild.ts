/** What is left of all tables, written into a new store in which everything fits together. */
import { jsonRow, readJson } from "../json-rows.ts";
import { LAST_LOG_KEY, logOf, REMOVED_GROUP_KEY, REVISION_KEY } from "../keys.ts";
import { TABLES } from "../store.ts";
import type { Change, Store, Table } from "../store.ts";
import type { LogRow } from "../stored-logs.ts";
import { ROWS_A_TURN } from "./examine.ts";
import type { Examined } from "./examine.ts";
import type { PageFile } from "./page-file.ts";
import { merged } from "./salvage.ts";
import type { Finding } from "./salvage.ts";
import { SoundFrames } from "./sound-frames.ts";
import type { PartitionAccount } from "./sound-frames.ts";
import type { Row } from "./walk.ts";

export interface Rebuilt {
  /** Rows. */
  written: ReadonlyMap<Table, number>;
  /** Of each partition of each log that is left. */
  partitions: readonly (Omit<PartitionAccount, "log"> & { log: string })[];
  /** Events that can be read, and that no log is left for. */
  homeless: number;
}

export interface Sources {
  file: PageFile;
  examined: Examined;
  found: ReadonlyMap<Table, readonly Finding[]>;
  store: Store;
  /** Awaited now and then. */
  turn: (rows: number, total: number) => Promise<void>;
}

const BYTES_AT_ONCE = 8 * 1024 * 1024;

export async function rebuild({ file, examined, found, store, turn }: Sources): Promise<Rebuilt> {
  const total = [...examined.tables.values()].reduce((sum, { rows }) => sum + rows, 0);
  const counts = new Map<Table, number>();
  const counters = new Counters();
  let done = 0;
  let changes: Change[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await store.write(changes);
    await turn(done, total);
    [changes, bytes] = [[], 0];
  };
  const put = async (table: Table, rows: Iterable<Row>): Promise<void> => {
    for (const { key, value } of rows) {
      counters.see(table, key, value);
      changes.push({ table, key, value });
      counts.set(table, (counts.get(table) ?? 0) + 1);
      done += 1;
      bytes += value.length;
      if (changes.length >= ROWS_A_TURN || bytes >= BYTES_AT_ONCE) await flush();
    }
  };
  const rowsOf = (table: Table): Iterable<Row> => merged(readable(examined, table), found.get(table));

  const logs = Array.from(rowsOf("logs"), ({ key, value }) => readJson("logs", key, value) as LogRow);
  const bases = new Map<string, number>();
  for (const { key, value } of rowsOf("bases"))
    bases.set(key.toString("hex"), (readJson("bases", key, value) as { next: number }).next);
  const expectedBytes = ((file.header.metas[0]?.lastPage ?? 0) + 1) * file.header.pageSize;
  const frames = new SoundFrames(logs, examined.tables.get("frames")?.lost ?? [], {
    bases,
    fileBytes: Math.max(file.bytes, expectedBytes),
  });
  for (const table of TABLES) {
    if (table !== "counters") await put(table, table === "frames" ? frames.rows(rowsOf(table)) : rowsOf(table));
  }
  await put("counters", counters.atLeast(rowsOf("counters")));
  await flush();
  const ids = new Map(logs.map(({ number, id }) => [number, id]));
  return {
    written: counts,
    partitions: frames.accounts.map((account) => ({ ...account, log: ids.get(account.log) ?? "" })),
    homeless: frames.homeless,
  };
}

function* readable(examined: Examined, table: Table): Generator<Row, void, undefined> {
  for (const step of examined.tables.get(table)?.steps() ?? []) if ("row" in step) yield step.row;
}

/** What is counted must never be given twice: no counter is less than what was seen of its kind. */
class Counters {
  readonly #seen: readonly [key: Buffer, table: Table, of: (key: Buffer, row: unknown) => number][] = [
    [LAST_LOG_KEY, "logs", (_, row) => (row as { number: number }).number],
    [LAST_LOG_KEY, "removed", (key) => logOf(key)],
    [REVISION_KEY, "metadata", (_, row) => (row as { version: number }).version],
    [REMOVED_GROUP_KEY, "groups", (_, row) => (row as { version: number }).version],
  ];
  readonly #highest = new Map<string, { key: Buffer; value: number }>();

  see(table: Table, key: Buffer, value: Buffer): void {
    for (const [counter, ofTable, numberOf] of this.#seen) {
      if (ofTable === table) this.#raise(counter, numberOf(key, readJson(table, key, value)));
    }
  }

  *atLeast(rows: Iterable<Row>): Generator<Row, void, undefined> {
    for (const { key, value } of rows) this.#raise(key, readJson("counters", key, value) as number);
    for (const { key, value } of this.#highest.values()) yield rowOf(key, value);
  }

  #raise(key: Buffer, value: number): void {
    const name = key.toString("latin1");
    this.#highest.set(name, { key, value: Math.max(value, this.#highest.get(name)?.value ?? 0) });
  }
}

function rowOf(key: Buffer, json: number): Row {
  return { key, value: jsonRow("counters", key, json).value as Buffer };
}
