/** A table without lines, as people paste it into chats and pipe it through awk. */
import Table from "cli-table3";
import { NOTHING } from "./cell.ts";
import { visible, visibleWord } from "./visible.ts";

export interface Column<Row> {
  /** One word. */
  title: string;
  /** One word too, except in the last column; nothing is shown as `-`. */
  cell(row: Row): string;
  align?: "right";
  /** Shown by `wide` only. */
  wide?: true;
  /** Cut where the line is narrow: the lowest number first. Without one its cells are shown whole. */
  cut?: number;
  /** Left out where cutting is not enough: the lowest number first. Without one the column stays. */
  leaveOut?: number;
}

const EDGES = ["top", "bottom", "left", "right", "mid"];
const NO_LINES = Object.fromEntries(
  ["", "-left", "-mid", "-right"].flatMap((end) => EDGES.map((edge) => [`${edge}${end}`, ""])),
);
const GAP = "  ";
/** Characters that a cell keeps when it is cut. */
const CUT_WIDTH = 8;

/**
 * Each cell is a word; only the last of a line may be several.
 * @param width characters in a line at most, as far as the columns allow it
 */
export function renderTable<Row>(rows: readonly Row[], all: readonly Column<Row>[], width: number = Infinity): string {
  let columns = all;
  let [cells, widths] = cellsOf(rows, columns);
  for (let next = firstBy(columns, "leaveOut"); next && lineWidth(leastWidths(columns, widths)) > width;) {
    const without = next;
    columns = columns.filter((column) => column !== without);
    [cells, widths] = cellsOf(rows, columns);
    next = firstBy(columns, "leaveOut");
  }
  const fitting = fittingWidths(columns, widths, width);
  const table = new Table({
    chars: { ...NO_LINES, middle: GAP },
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? ("left" as const)),
    ...(fitting !== widths && { colWidths: [...fitting] }),
  });
  table.push(...cells);
  const lines = table.toString().split("\n");
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function cellsOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): [cells: string[][], widths: number[]] {
  const shown = (text: string, column: number): string =>
    (column === columns.length - 1 ? visible(text) : visibleWord(text)) || NOTHING;
  const cells = rows.map((row) => columns.map(({ cell }, column) => shown(cell(row), column)));
  const widths = columns.map(({ title }, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), title.length),
  );
  return [cells, widths];
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}

function firstBy<Row>(columns: readonly Column<Row>[], order: "cut" | "leaveOut"): Column<Row> | undefined {
  const named = columns.filter((column) => column[order] !== undefined);
  return named.toSorted((a, b) => (a[order] ?? 0) - (b[order] ?? 0))[0];
}

/** Where all is cut that may be. */
function leastWidths<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number[] {
  return widths.map((width, at) => (columns[at]?.cut === undefined ? width : Math.min(width, CUT_WIDTH)));
}

/** The same array where all fit. */
function fittingWidths<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  width: number,
): readonly number[] {
  let fitting = widths;
  for (let rest = columns, next = firstBy(rest, "cut"); next && lineWidth(fitting) > width;) {
    const column = next;
    const at = columns.indexOf(column);
    const least = Math.min(widths[at] ?? 0, CUT_WIDTH);
    fitting = fitting.with(at, Math.max(least, (widths[at] ?? 0) - (lineWidth(fitting) - width)));
    rest = rest.filter((one) => one !== column);
    next = firstBy(rest, "cut");
  }
  return fitting;
}
