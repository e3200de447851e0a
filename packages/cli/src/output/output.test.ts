import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Column, render } from "./format.ts";
import { count, duration, rate } from "./quantity.ts";
import { sparkline } from "./sparkline.ts";

describe("numbers for people", () => {
  it.each([
    [undefined, "–"],
    [0, "0 s"],
    [0.2, "1 s"],
    [59, "59 s"],
    [60, "1 min"],
    [200, "3 min 20 s"],
    [7_500, "2 h 5 min"],
    [349_200, "4 d 1 h"],
  ])("duration %s is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [undefined, "–"],
    [0, "0"],
    [0.25, "0.3"],
    [9.99, "10.0"],
    [1234.5, "1,235"],
  ])("rate %s is %s", (value, text) => expect(rate(value)).toBe(text));

  it("counts have thousands", () => expect([count(1_234_567), count(undefined)]).toEqual(["1,234,567", "–"]));
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
    { name: "long name", size: 1_000 },
  ];
  const columns: Column<(typeof rows)[number]>[] = [
    { title: "NAME", cell: ({ name }) => name },
    { title: "SIZE", cell: ({ size }) => String(size), align: "right" },
    { title: "TWICE", cell: ({ size }) => String(size * 2), wide: true },
  ];

  it("a table has aligned columns and no lines; wide shows all columns", async () => {
    expect(await render(rows, columns, "table", (row) => row)).toBe(
      "NAME       SIZE\na             5\nlong name  1000\n",
    );
    expect(await render(rows, columns, "wide", (row) => row)).toContain("long name  1000  2000\n");
  });

  it("programs get all of it", async () => {
    expect(JSON.parse(await render(rows, columns, "json", (row) => row))).toEqual(rows);
    expect(await render(rows, columns, "ndjson", (row) => row)).toBe(
      '{"name":"a","size":5}\n{"name":"long name","size":1000}\n',
    );
    expect(await render(rows, columns, "yaml", (row) => row)).toBe(
      "- name: a\n  size: 5\n- name: long name\n  size: 1000\n",
    );
  });
});
