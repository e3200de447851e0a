import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countCell, durationCell, rateCell } from "./cell.ts";
import { render } from "./format.ts";
import type { Column } from "./table.ts";
import { count, rate } from "./quantity.ts";
import { sparkline } from "./sparkline.ts";

describe("numbers in a table", () => {
  it.each([
    [undefined, "-"],
    [0, "0s"],
    [0.2, "1s"],
    [59, "59s"],
    [60, "1m"],
    [200, "3m20s"],
    [7_500, "2h5m"],
    [349_200, "4d1h"],
  ])("duration %s is %s", (seconds, text) => expect(durationCell(seconds)).toBe(text));

  it.each([
    [undefined, "-"],
    [0, "0"],
    [0.25, "0.3"],
    [9.99, "10.0"],
    [1234.5, "1235"],
  ])("rate %s is %s", (value, text) => expect(rateCell(value)).toBe(text));

  it("counts are plain", () => expect([countCell(1_234_567), countCell(undefined)]).toEqual(["1234567", "-"]));
});

it("numbers in sentences have thousands", () => {
  expect([count(1_234_567), rate(1234.5), rate(0.25), rate(0)]).toEqual(["1,234,567", "1,235", "0.3", "0"]);
});

describe("a sparkline", () => {
  it("shows the last values, the highest as the full bar", () => {
    expect(sparkline([9, 0, 1, 2, 4, 8], 5)).toBe(sparkline([0, 1, 2, 4, 8], 5));
    expect(sparkline([0, 4, 8], 10)).toBe("▁▅█");
  });

  it("is never wider than asked, and flat where nothing is", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 40 }), (values, width) => {
        expect(sparkline(values, width)).toHaveLength(Math.min(values.length, width));
      }),
    );
    expect(sparkline([0, 0], 4)).toBe("▁▁");
  });
});

describe("formats", () => {
  const rows = [
    { name: "a", size: 5 },
    { name: "longest", size: 1_000 },
  ];
  const columns: Column<(typeof rows)[number]>[] = [
    { title: "NAME", cell: ({ name }) => name },
    { title: "SIZE", cell: ({ size }) => String(size), align: "right" },
    { title: "TWICE", cell: ({ size }) => String(size * 2), wide: true },
  ];

  it("a table has aligned columns and no lines; wide shows all columns", async () => {
    expect(await render(rows, columns, "table", (row) => row)).toBe("NAME     SIZE\na           5\nlongest  1000\n");
    expect(await render(rows, columns, "wide", (row) => row)).toContain("longest  1000  2000\n");
  });

  it("a cell of a table is a word, also where it is empty; only the last of a line may be several", async () => {
    const cells: Column<string>[] = ["A", "B"].map((title) => ({ title, cell: (text) => text }));
    expect(await render(["", "x y"], cells, "table", (row) => row)).toBe("A         B\n-         -\nx\\u0020y  x y\n");
  });

  it("programs get all of it", async () => {
    expect(JSON.parse(await render(rows, columns, "json", (row) => row))).toEqual(rows);
    expect(await render(rows, columns, "ndjson", (row) => row)).toBe(
      '{"name":"a","size":5}\n{"name":"longest","size":1000}\n',
    );
    expect(await render(rows, columns, "yaml", (row) => row)).toBe(
      "- name: a\n  size: 5\n- name: longest\n  size: 1000\n",
    );
  });
});
