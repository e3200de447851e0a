import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memberCount } from "../../publishing/scan.ts";
import { JsonSyntaxError, parseStrictly } from "./strict-json.ts";

const read = (text: string): unknown => parseStrictly(text, { maxDepth: 100 });

function outcome(run: () => unknown): { value: unknown } | "refused" {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonSyntaxError) return "refused";
    throw error;
  }
}

describe("reads what JSON.parse reads", () => {
  test("any value, however it is laid out", () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), fc.constantFrom("", " ", "\n\t"), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        // Whole numbers beyond 64 bits are refused.
        fc.pre(!/[0-9]{19}/.test(text));
        expect(read(` ${text}\r\n`)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("any text that is nearly JSON", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"a"',
      '"b"',
      "1",
      "-",
      ".5",
      "true",
      "nul",
      "null",
      " ",
      "\\",
      '"\\u00e9"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = `{"x":[${pieces.join("")}]}`;
        const strict = outcome(() => read(text));
        const loose = outcome(() => JSON.parse(text));
        // They differ on purpose where a name stands twice.
        const twice = loose !== "refused" && memberCount(loose.value as object) < text.split(":").length - 1;
        expect(strict).toEqual(twice ? "refused" : loose);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("says what is wrong as the server does", () => {
  test.each([
    ["", "Unexpected end of data at pos 0"],
    ["{", "Unexpected end of data at pos 1"],
    ['{"a":1,"a":2}', 'Duplicate key "a"'],
    ['{"a":1,}', "Not allowed to finish object with comma at pos 8"],
    ["{a:1}", "Unexpected symbol 'a' at pos 2"],
    ["{'a':1}", "Unexpected symbol ''' at pos 2"],
    ['{"a":NaN}', "Unexpected symbol 'N' at pos 6"],
    ['{"a":99999999999999999999}', "Can not use long value '99999999999999999999' cause it is too big at pos 25"],
    ['{"a":9223372036854775808}', "Can not use long value '9223372036854775808' cause it is too big at pos 24"],
    ['{"a":1e999}', "1e999 can not be used at pos 10"],
    ['{"a":1.}', "1. can not be used at pos 7"],
    ['{"a":-}', "Can not use long value '-' cause it is too big at pos 6"],
    ['{"a":+1}', "Numbers cannot start with:'+' at pos 6"],
    ['{"a":"tab\there"}', "Illegal escape. at pos 10"],
    ['{"a":"\\x"}', "Illegal escape. at pos 8"],
    ['{"a":"\\u12g4"}', "Illegal codepoint 12g4 at pos 12"],
    ['{"a":}', "Unexpected symbol '}' at pos 6"],
    ['{"n":1]', "Unexpected symbol ']' while parsing object at pos 7"],
    ['{"n" 1}', "Waiting for name-value separator : while parsing object at pos 6"],
    ['{"n":[1 2]}', "Unexpected separator '2' at pos 9"],
    ['{"n":[1,]}', "Unexpected symbol ']' at pos 9"],
    ['{"n":tru }', "Expected true value at pos 9"],
    ['{"n":tru}', "Unexpected end of data at pos 6"],
    ["{} x", "Unexpected symbol 'x' at pos 4"],
  ])("%s", (text, message) => {
    expect(() => read(text)).toThrow(new JsonSyntaxError(message));
  });
});

test("leading zeros are forgiven", () => {
  expect(read('{"a":007,"b":-01,"c":00.5,"d":0}')).toEqual({ a: 7, b: -1, c: 0.5, d: 0 });
});

test("numbers are reported with their text", () => {
  const seen: [string | number, string][] = [];
  const value = parseStrictly('{"a":1.0,"b":[2,{"c":9007199254740993}],"d":007}', {
    maxDepth: 10,
    onNumber: (container, key, source) => {
      expect(typeof container).toBe("object");
      seen.push([key, source]);
    },
  });
  expect(value).toEqual({ a: 1, b: [2, { c: 9007199254740992 }], d: 7 });
  expect(seen).toEqual([
    ["a", "1.0"],
    [0, "2"],
    ["c", "9007199254740993"],
    ["d", "7"],
  ]);
});

test("names that mean something to JavaScript are names like any other", () => {
  const value = read('{"__proto__":{"x":1},"constructor":2,"toString":3}') as object;
  expect(Object.keys(value)).toEqual(["__proto__", "constructor", "toString"]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(() => read('{"__proto__":1,"__proto__":2}')).toThrow('Duplicate key "__proto__"');
});

test("nesting is limited, not the stack", () => {
  const deep = 1_000_000;
  expect(() => read("[".repeat(deep))).toThrow("Nested deeper than 100 levels at pos 101");
  expect(() => read('{"a":'.repeat(deep))).toThrow("Nested deeper than 100 levels at pos 501");
  const text = "[".repeat(deep) + "]".repeat(deep);
  expect(Array.isArray(parseStrictly(text, { maxDepth: Infinity }))).toBe(true);
});
