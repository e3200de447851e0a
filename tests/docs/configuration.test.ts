/** docs/configuration.md says what the code does. */
import { readFile } from "node:fs/promises";
import { LIMIT_RULES, type LimitRule } from "nakadi-broker";
import { expect, it } from "vitest";

const documentation = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");

/** The cells of each row whose first one is the name of a limit. */
const rows = [...documentation.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(([, name = "", cells = ""]) => ({
  name,
  cells: cells.split("|").map((cell) => cell.trim()),
}));

it("the table of limits names each, in order", () => {
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(LIMIT_RULES));
});

it.each(Object.entries(LIMIT_RULES))("the row of %s has its default and bounds", (limit, rule: LimitRule) => {
  const { cells = [] } = rows.find(({ name }) => name === limit) ?? {};
  const [meaning = "", ...rest] = cells.slice(4);
  expect(cells.slice(0, 4)).toEqual([
    String(rule.default),
    rule.acceptance === undefined ? "" : String(rule.acceptance),
    String(rule.min),
    String(rule.max),
  ]);
  expect([meaning.length > 0, rest]).toEqual([true, []]);
});
