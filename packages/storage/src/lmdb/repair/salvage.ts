/** Rows of ranges that are lost, found on pages that no table leads to any more. */
import type { Table } from "../store.ts";
import type { Examined } from "./examine.ts";
import type { PageFile } from "./page-file.ts";
import { tableOf } from "./table-of.ts";
import { isWithin } from "./walk.ts";
import type { Row } from "./walk.ts";

/** A row that was found, read again when it is wanted. */
export interface Finding {
  key: Buffer;
  /** Written after everything that the tables lead to. */
  isNewer: boolean;
  read(): Row;
}

interface Place {
  key: Buffer;
  transaction: number;
  page: number;
  node: number;
}

const PAGES_A_TURN = 200;

/**
 * By table, in the order of their keys. What was deleted or replaced before may be among them, where nobody knows better.
 * @param turn awaited now and then, with the number of pages so far
 */
export async function salvage(
  file: PageFile,
  { tables, reached, transaction }: Examined,
  turn: (pages: number) => Promise<void>,
): Promise<ReadonlyMap<Table, readonly Finding[]>> {
  const places = new Map<Table, Map<string, Place>>();
  // With only one description left, the last transaction may be the one that it does not know of.
  const mayBeNewer = file.header.metas.length < 2;
  const isWanted = (table: Table, key: Buffer, written: number): boolean =>
    (mayBeNewer && written > transaction) || (tables.get(table)?.lost.some((range) => isWithin(key, range)) ?? false);
  for (let number = 0; number < file.pages; number++) {
    if (number % PAGES_A_TURN === 0) await turn(number);
    const page = reached.has(number) ? undefined : file.page(number);
    for (const [index, node] of (page?.nodes ?? []).entries()) {
      const written = page?.transaction ?? 0;
      const value = file.value(node);
      const table = value && tableOf(node.key, value);
      if (!table || !isWanted(table, node.key, written)) continue;
      const ofTable = places.get(table) ?? new Map<string, Place>();
      places.set(table, ofTable);
      const name = node.key.toString("latin1");
      if ((ofTable.get(name)?.transaction ?? -1) < written)
        ofTable.set(name, { key: Buffer.from(node.key), transaction: written, page: number, node: index });
    }
  }
  return new Map(
    Array.from(places, ([table, found]) => [
      table,
      [...found.values()]
        .sort((a, b) => Buffer.compare(a.key, b.key))
        .map((place): Finding => findingAt(file, place, place.transaction > transaction)),
    ]),
  );
}

function findingAt(file: PageFile, { key, page, node }: Place, isNewer: boolean): Finding {
  return {
    key,
    isNewer,
    read() {
      const again = file.page(page)?.nodes?.[node];
      const value = again && file.value(again);
      if (!value) throw new Error(`Page ${page} has changed while it was read.`);
      return { key, value };
    },
  };
}

/** The rows of a table together with those that were found for it, in the order of their keys. */
export function* merged(rows: Iterable<Row>, found: readonly Finding[] = []): Generator<Row, void, undefined> {
  let at = 0;
  for (const row of rows) {
    let next = found[at];
    for (; next && Buffer.compare(next.key, row.key) < 0; next = found[(at += 1)]) yield next.read();
    const isSame = next?.key.equals(row.key) ?? false;
    if (isSame) at += 1;
    yield isSame && next?.isNewer ? next.read() : row;
  }
  for (const finding of found.slice(at)) yield finding.read();
}
