import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { itemText, scanBody } from "./scan.ts";
import type { PublishedItem, ScanLimits } from "./scan.ts";

const DEPTH = 100;
const LIMITS: ScanLimits = { maxEventDepth: DEPTH, maxEventBytes: 100_000, maxBatchEvents: 1_000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const scanAll = (body: Uint8Array): PublishedItem[] => [...scanBody(body, LIMITS)];
const scan = (text: string): PublishedItem[] => scanAll(bytes(text));

/** JSON with whitespace of any kind wherever it is allowed. */
function laidOut(value: unknown, space: () => string): string {
  const around = (text: string): string => space() + text + space();
  if (Array.isArray(value)) return around(`[${space()}${value.map((item) => laidOut(item, space)).join()}]`);
  if (typeof value !== "object" || value === null) return around(JSON.stringify(value));
  const members = Object.entries(value).map(
    ([name, member]) => around(JSON.stringify(name)) + ":" + laidOut(member, space),
  );
  return around(`{${space()}${members.join()}}`);
}

const events = fc.array(
  fc.dictionary(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("metadata", "__proto__", "a")),
    fc.jsonValue({ stringUnit: "binary" }),
    {
      noNullPrototype: true,
    },
  ),
  { maxLength: 4 },
);
const spaces = fc.infiniteStream(fc.constantFrom("", "", "", " ", "\n", "\t\r\n  "));

/** Whole numbers of 19 digits are refused. */
const refused = (json: string): boolean => /[0-9]{19}/.test(json);

describe("whatever the layout", () => {
  test("values, bytes and sizes are those of each event", () => {
    fc.assert(
      fc.property(events, spaces, (values, stream) => {
        const space = (): string => stream.next().value ?? "";
        const texts = values.map((value) => laidOut(value, space).trim());
        fc.pre(!refused(texts.join()));
        const items = scan(`${space()}[${texts.map((text) => space() + text + space()).join(",")}]${space()}`);
        expect(items.map(({ value }) => value)).toEqual(texts.map((text) => JSON.parse(text) as unknown));
        expect(items.map(itemText)).toEqual(values.map((value) => laidOut(value, () => "")));
        expect(items.map(({ sentBytes }) => sentBytes)).toEqual(texts.map((text) => bytes(text).length));
      }),
      { numRuns: 500 },
    );
  });

  test("the place of the metadata is right", () => {
    fc.assert(
      fc.property(events, spaces, (values, stream) => {
        const space = (): string => stream.next().value ?? "";
        const body = `[${values.map((value) => laidOut(value, space)).join(",")}]`;
        fc.pre(!refused(body));
        for (const { bytes: event, metadata, value } of scan(body)) {
          expect(metadata !== undefined).toBe(Object.hasOwn(value, "metadata"));
          if (metadata) {
            const text = new TextDecoder().decode(event.subarray(metadata.start, metadata.end));
            expect(text).toBe(laidOut(value["metadata"], () => ""));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("an event without whitespace is not copied", () => {
  const body = bytes('[{"a":"b c"},{"d":1}]');
  for (const item of scanAll(body)) expect(item.bytes.buffer).toBe(body.buffer);
});

test("a body that is part of a larger buffer is read from its own start", () => {
  const larger = bytes('xxxx[{"a":"é","metadata":{"b":1}}]yyyy');
  const [item] = scanAll(larger.subarray(4, larger.length - 4));
  expect(item && itemText(item)).toBe('{"a":"é","metadata":{"b":1}}');
  expect(item?.metadata).toEqual({ start: 21, end: 28 });
});

describe("between events", () => {
  test.each([
    ["[]", 0],
    [" \n[ \t]\r\n", 0],
    ["[,]", 0],
    ["[{},,{}]", 2],
    ["[{} {}]", 2],
    ["[{}{}]", 2],
    ["[,{},]", 1],
  ])("%j holds %d", (text, count) => {
    expect(scan(text)).toHaveLength(count);
  });
});

describe("a fault and its position read as from the server", () => {
  test.each([
    ["", "Array of events should start with [ at position 0"],
    [" \n", "Array of events should start with [ at position 2"],
    ['{"n":1}', "Array of events should start with [ at position 0"],
    ['"text"', "Array of events should start with [ at position 0"],
    ["\ufeff[]", "Array of events should start with [ at position 0"],
    ["[", "Array of events should end with ] at position 0"],
    ['[{"n":1}', "Array of events should end with ] at position 7"],
    ['[{"é":"😀"} x', "Array of events should end with ] at position 12"],
    ["[1]", "Illegal character at position 1"],
    ["[null]", "Illegal character at position 1"],
    ["[[]]", "Illegal character at position 1"],
    ['[{"n":1}, "x"]', "Illegal character at position 10"],
    ['[{"a":1} /* no */]', "Illegal character at position 9"],
    ['[{"é":"😀"} x]', "Illegal character at position 12"],
    ['[{"n":1]', "Unexpected symbol ']' while parsing object at pos 7"],
    ['[{"a":"x]', "Unexpected end of data at pos 8"],
    ['[{"a":1,"a":2}]', 'Duplicate key "a"'],
    ['[{"a":{"b":1,"\\u0062":2}}]', 'Duplicate key "b"'],
    ['[{"__proto__":1,"__proto__":2}]', 'Duplicate key "__proto__"'],
    ['[{"a":1,}]', "Not allowed to finish object with comma at pos 8"],
    ["[{a:1}]", "Unexpected symbol 'a' at pos 2"],
    ["[{'a':1}]", "Unexpected symbol ''' at pos 2"],
    ['[{"a":NaN}]', "Unexpected symbol 'N' at pos 6"],
    ['[{"a":99999999999999999999}]', "Can not use long value '99999999999999999999' cause it is too big at pos 25"],
    ['[{"a":1e999}]', "1e999 can not be used at pos 10"],
    [`[{"a":${"9".repeat(400)}.5}]`, `${"9".repeat(400)}.5 can not be used at pos 407`],
    ['[{"a":"tab\there"}]', "Illegal escape. at pos 10"],
    ['[{"n":1},{"a":}]', "Unexpected symbol '}' at pos 6"],
    ['[{"a":1 2}]', "Unexpected symbol '2' while parsing object at pos 8"],
    ['[{"a":tr ue}]', "Expected true value at pos 9"],
    ['[{"a":"\\', "Array of events should end with ] at position 7"],
    ['[{"a":"\\]', "Illegal escape. at pos 8"],
    ['[{"a":[}]', "Unexpected symbol '}' at pos 7"],
    ['[{"a":{]}', "Array of events should end with ] at position 8"],
  ])("%.80s", (text, fault) => {
    expect(() => scan(text)).toThrow(
      expect.objectContaining({
        status: 400,
        message: `Error occurred when parsing event(s). ${fault}`,
      }),
    );
  });
});

test("leading zeros are accepted, and not passed on: consumers get JSON", () => {
  const [item] = scan('[{"a":007,"b":[-012, 0, -0, 00.50],"metadata":{"x":01}}]');
  expect(item?.value).toEqual({ a: 7, b: [-12, 0, -0, 0.5], metadata: { x: 1 } });
  expect(item && itemText(item)).toBe('{"a":7,"b":[-12,0,-0,0.50],"metadata":{"x":1}}');
  expect(item?.metadata).toEqual({ start: 38, end: 45 });
});

test.each([
  ['{"a":1}', false],
  ['{"a":1.5}', false],
  ['{"a":999999999999999}', false],
  ['{"a":"1.0"}', false],
  ['{"a":1.0}', true],
  ['{"a":1e3}', true],
  ['{"a":1E-3}', true],
  ['{"a":-0}', true],
  ['{"a":9007199254740993}', true],
])("%s has odd numbers: %j", (text, odd) => {
  expect(scan(`[${text}]`)[0]?.hasOddNumbers).toBe(odd);
});

test("metadata is found by its name, escaped or not", () => {
  expect(scan('[{"\\u006detadata":{}}]')[0]?.metadata).toEqual({ start: 17, end: 19 });
  expect(scan('[{"metadata":[{"metadata":1}],"x":"metadata"}]')[0]?.metadata).toEqual({
    start: 12,
    end: 28,
  });
  expect(scan('[{"data":{"metadata":1},"metadate":2}]')[0]?.metadata).toBeUndefined();
});

describe("an event that is too large", () => {
  const large = (rest: string): string => `[{"x":"${"y".repeat(100_000)}",${rest}}]`;

  test("is not read but for its metadata", () => {
    const [item] = scan(large('"metadata": {"eid":"e"}'));
    expect(item?.value).toEqual({ metadata: { eid: "e" } });
    expect(item?.sentBytes).toBeGreaterThan(100_000);
    expect(scan(large('"a":1'))[0]?.value).toEqual({});
    expect(scan(large('"metadata":{"eid"}'))[0]?.value).toEqual({});
    expect(scan(large(`"metadata":{"x":"${"y".repeat(100_001)}"}`))[0]?.value).toEqual({});
  });

  test("has to end", () => {
    expect(() => scan(large('"a":1').replace("}", ""))).toThrow(expect.objectContaining({ status: 400 }));
  });
});

test("a request has a limit of events", () => {
  expect(scan(`[${"{}".repeat(1_000)}]`)).toHaveLength(1_000);
  expect(() => scan(`[${"{}".repeat(1_001)}]`)).toThrow(expect.objectContaining({ status: 413 }));
});

test("one event is read at a time", () => {
  const items = scanBody(bytes('[{"a":1},{"b":]'), LIMITS);
  expect(items.next().value).toMatchObject({ value: { a: 1 } });
  expect(() => items.next()).toThrow("Unexpected symbol");
});

describe("hostile bodies", () => {
  const TOO_DEEP = expect.objectContaining({
    status: 400,
    message: expect.stringContaining(`Nested deeper than ${DEPTH} levels`),
  });

  test("nesting has a limit", () => {
    const nested = (depth: number): string => `[${'{"a":'.repeat(depth - 1)}[]${"}".repeat(depth - 1)}]`;
    expect(scan(nested(DEPTH))).toHaveLength(1);
    expect(() => scan(nested(DEPTH + 1))).toThrow(TOO_DEEP);
    expect(() => scan(nested(10_000))).toThrow(TOO_DEEP);
  });

  test("50 MB of brackets", () => {
    const brackets = new Uint8Array(50_000_000).fill("[".charCodeAt(0));
    expect(() => scanAll(brackets)).toThrow(expect.objectContaining({ status: 400 }));
    brackets.set(bytes('[{"a":'));
    brackets.set(bytes("]"), brackets.length - 1);
    expect(() => scanAll(brackets)).toThrow(TOO_DEEP);
    brackets.fill("{".charCodeAt(0), 1);
    brackets.set(bytes("]"), brackets.length - 1);
    expect(() => scanAll(brackets)).toThrow(expect.objectContaining({ status: 400 }));
  });

  test.each([
    ["a lone continuation byte", [0x80]],
    ["a sequence that breaks off", [0xe2, 0x82]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond the last code point", [0xf5, 0x80, 0x80, 0x80]],
  ])("invalid UTF-8: %s", (_name, broken) => {
    const body = Uint8Array.of(...bytes('[{"ok":1},{"a":"'), ...broken, ...bytes('"}]'));
    expect(() => scanAll(body)).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining("UTF-8") }),
    );
  });

  test("lone surrogates in escapes are text like any other", () => {
    const [item] = scan('[{"a":"\\ud800"}]');
    expect(item?.value).toEqual({ a: "\ud800" });
    expect(item && itemText(item)).toBe('{"a":"\\ud800"}');
  });

  test("arbitrary bytes are accepted or refused", () => {
    const piece = fc.oneof(
      fc.constantFrom(...['[{"', '"}]', "{", "}", "[", "]", '"', "\\", ":", ",", "0", "1.", "é"].map(bytes)),
      fc.uint8Array({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const body = Uint8Array.of(...pieces.flatMap((one) => [...one]));
        try {
          for (const item of scanAll(body)) expect(JSON.parse(itemText(item))).toEqual(item.value);
        } catch (error) {
          expect(error).toMatchObject({ status: 400 });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
