/** How data goes to standard output: for people as a table, for programs as JSON, NDJSON or YAML. */
import { Option } from "commander";
import type { Column } from "./table.ts";
import { visibleData } from "./visible.ts";

const FORMATS = ["table", "wide", "json", "ndjson", "yaml"] as const;
export type Format = (typeof FORMATS)[number];

export function formatOption(): Option {
  return new Option("-o, --output <format>", "how to print").choices(FORMATS).default("table");
}

/**
 * All of `rows` as text that ends with a line break.
 * @param asData what programs see of a row
 * @param width characters that a line of `table` may have; without it lines are as long as they are
 */
export async function render<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  format: Format,
  asData: (row: Row) => unknown,
  width?: number,
): Promise<string> {
  switch (format) {
    case "json":
      return visibleData(`${JSON.stringify(rows.map(asData), undefined, 2)}\n`);
    case "ndjson":
      return visibleData(rows.map((row) => `${JSON.stringify(asData(row))}\n`).join(""));
    case "yaml": {
      const { visibleYaml } = await import("./yaml-text.ts");
      return visibleYaml(rows.map(asData));
    }
    default: {
      const shown = columns.filter(({ wide }) => format === "wide" || !wide);
      const { renderTable } = await import("./table.ts");
      return renderTable(rows, shown, format === "wide" ? undefined : width);
    }
  }
}
