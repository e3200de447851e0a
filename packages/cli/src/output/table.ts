/** A table without lines, as people paste it into chats and pipe it through awk. */
import Table from "cli-table3";
import { NOTHING } from "./cell.ts";
import type { Column } from "./format.ts";
import { visible, visibleWord } from "./visible.ts";

const EDGES = ["top", "bottom", "left", "right", "mid"];
const NO_LINES = Object.fromEntries(
  ["", "-left", "-mid", "-right"].flatMap((end) => EDGES.map((edge) => [`${edge}${end}`, ""])),
);

/** Each cell is a word; only the last of a line may be several. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const table = new Table({
    chars: { ...NO_LINES, middle: "  " },
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? ("left" as const)),
  });
  const shown = (text: string, column: number): string =>
    (column === columns.length - 1 ? visible(text) : visibleWord(text)) || NOTHING;
  table.push(...rows.map((row) => columns.map(({ cell }, column) => shown(cell(row), column))));
  const lines = table.toString().split("\n");
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
