/** What can be read of a file: all tables are walked, every row is checked. */
import { recordCount } from "../row-codec.ts";
import { TABLES } from "../store.ts";
import type { Table } from "../store.ts";
import { parseTable } from "./page.ts";
import type { PageFile } from "./page-file.ts";
import { ALL_KEYS, walk } from "./walk.ts";
import type { KeyRange, Step } from "./walk.ts";

interface ExaminedTable {
  /** Rows that can be read. */
  rows: number;
  /** Events in them. */
  events: number;
  /** Rows that there should be; `undefined` where nobody knows. */
  expected: number | undefined;
  /** Nobody knows what these keys have held. */
  lost: readonly KeyRange[];
  /** The rows once more, and the ranges that are lost, in their order. */
  steps(): Iterable<Step>;
}

export interface Examined {
  tables: ReadonlyMap<Table, ExaminedTable>;
  /** Pages of which nothing more can be learnt. */
  reached: ReadonlySet<number>;
  /** The last transaction that all of it belongs to. */
  transaction: number;
}

/** @param turn awaited now and then, with the number of pages so far */
export async function examine(file: PageFile, turn: (pages: number) => Promise<void>): Promise<Examined> {
  const reached = new Set<number>([0, 1]);
  const tables = new Map<Table, ExaminedTable>();
  const roots = rootsOf(file);
  for (const name of TABLES) {
    const root = roots && (roots.get(name) ?? { root: undefined, rows: 0 });
    tables.set(name, await examined(file, name, root, reached, turn));
  }
  return { tables, reached, transaction: file.header.metas[0]?.transaction ?? -1 };
}

/** By name, of the newest description that can be read. */
function rootsOf(file: PageFile): ReadonlyMap<string, Root> | undefined {
  const [newest] = file.header.metas;
  const main = newest && parseTable(Buffer.from(newest.tables));
  const page = main?.root === undefined ? undefined : file.page(main.root);
  if (!page?.isWhole || page.nodes?.length !== main?.rows) return undefined;
  const roots = new Map<string, Root>();
  for (const { key, value } of page.nodes ?? []) {
    const table = Buffer.isBuffer(value) ? parseTable(value) : undefined;
    if (table) roots.set(key.toString("latin1", 0, key.length - 1), table);
  }
  return roots;
}

type Root = NonNullable<ReturnType<typeof parseTable>>;

async function examined(
  file: PageFile,
  name: Table,
  root: Root | undefined,
  reached: Set<number>,
  turn: (pages: number) => Promise<void>,
): Promise<ExaminedTable> {
  const steps = (pages: Set<number>): Iterable<Step> =>
    root?.root === undefined ? [] : walk(file, name, root.root, pages);
  let [rows, events] = [0, 0];
  const lost: KeyRange[] = [];
  for (const step of steps(reached)) {
    if ("lost" in step) {
      lost.push(step.lost);
      continue;
    }
    rows += 1;
    if (name === "frames") events += recordCount(step.row.value);
    if (rows % ROWS_A_TURN === 0) await turn(reached.size);
  }
  // Rows can be missing without a trace: then they may have been anywhere.
  const isHidden = lost.length === 0 && rows !== root?.rows;
  return { rows, events, expected: root?.rows, lost: isHidden ? [ALL_KEYS] : lost, steps: () => steps(new Set()) };
}

export const ROWS_A_TURN = 1_000;
