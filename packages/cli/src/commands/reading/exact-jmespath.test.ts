import { expect, it } from "vitest";
import { exactText, parseExact } from "../../json/exact-json.ts";
import { compileExact } from "./exact-jmespath.ts";

const EVENT =
  '{"id":9007199254740993,"total":1.0,"lines":[{"sku":"b","price":2.50},{"sku":"a","price":10.00}],"__proto__":{"n":-0}}';

it.each([
  ["@", EVENT],
  ["id", "9007199254740993"],
  ["[id, total]", "[9007199254740993,1.0]"],
  ["{i: id, t: total, missing: nothing}", '{"i":9007199254740993,"t":1.0,"missing":null}'],
  ["lines[].price", "[2.50,10.00]"],
  ["lines[?price > `5`]", '[{"sku":"a","price":10.00}]'],
  ["lines[?price == `10`].price | [0]", "10.00"],
  ["nothing || total", "1.0"],
  ["total && id", "9007199254740993"],
  ["!total", "false"],
  ["total.description", "null"],
  ["total == `1`", "true"],
  ["total + id", "9007199254740992"],
  ["-total", "-1"],
  ["length(lines)", "2"],
  ["sum(lines[].price)", "12.5"],
  ["sort_by(lines, &price)[1]", '{"sku":"a","price":10.00}'],
  ["max_by(lines, &price).price", "10.00"],
  ["reverse(lines)[0].price", "10.00"],
  ["let $t = total in lines[?price > $t].price", "[2.50,10.00]"],
  ["lines[?price > $.total].price", "[2.50,10.00]"],
  ["map(&[$.total, sku], lines)", '[[1.0,"b"],[1.0,"a"]]'],
  ["to_string(total)", '"1"'],
  ['"__proto__".n', "-0"],
])("%s", (expression, expected) => {
  expect(exactText(compileExact(expression)(parseExact(EVENT)))).toBe(expected);
});
