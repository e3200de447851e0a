import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonText } from "./json-text.ts";

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const hole: unknown[] = [];
hole[1] = 1;
const throwing = {
  toJSON() {
    throw new Error("s3cret");
  },
};
const NOT_JSON: readonly (readonly [string, unknown])[] = [
  ["NaN", Number.NaN],
  ["Infinity", Number.NEGATIVE_INFINITY],
  ["NaN", new Number(Number.NaN)],
  ["invalid Date", new Date(Number.NaN)],
  ["BigInt", 1n],
  ["BigInt", Object(1n)],
  ["function", () => 1],
  ["symbol", Symbol("s3cret")],
  ["hole", hole],
  ["undefined", [undefined]],
  ["cycle", cyclic],
  ["throws", throwing],
  [
    "throws",
    {
      get x() {
        throw new Error("s3cret");
      },
    },
  ],
  ["throws", revoked()],
  ["Map", new Map([["a", 1]])],
  ["Set", new Set([1])],
  ["Promise", Promise.resolve(1)],
  ["Error", new Error("s3cret")],
  ["RegExp", /s3cret/],
  ["ArrayBuffer", new ArrayBuffer(1)],
  ["DataView", new DataView(new ArrayBuffer(1))],
  ["URLSearchParams", new URLSearchParams("a=s3cret")],
  ["Headers", new Headers({ a: "s3cret" })],
  ["Map Iterator", new Map([["s3cret", 1]]).entries()],
  ["Date", { toJSON: () => new Date(0) }],
  ["NaN", { toJSON: () => Number.NaN }],
  ["NaN", { toJSON: () => ({ a: [Number.NaN] }) }],
  ["NaN", Object.defineProperty({}, "toJSON", { value: () => Number.NaN })],
  ["NaN", Object.assign([], { toJSON: () => Number.NaN })],
  ["NaN", Object.assign(new Date(0), { toJSON: () => Number.NaN })],
  ["NaN", { toJSON: Date.prototype.toJSON, toISOString: () => Number.NaN }],
  ["Map", { toJSON: () => new Map() }],
];

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("the JSON of a value", () => {
  it("is what JSON.stringify makes of anything that JSON can say", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonText("x", value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ toJSON: () => ({ a: 1 }) }, '{"a":1}'],
    [Object.assign([1], { toJSON: () => "list" }), '"list"'],
    [
      new (class Order {
        total = 1;
        twice = undefined;
      })(),
      '{"total":1}',
    ],
    [[new Number(1), new String("a"), Object.create(null)], '[1,"a",{}]'],
    [{ [Symbol("s")]: 1 }, "{}"],
  ])("may have toJSON, dates, classes and members that are undefined: %o", (value, text) => {
    expect(jsonText("x", value)).toBe(text);
  });

  it.each(NOT_JSON)("%s is refused at any depth, and not quoted", (word, value) => {
    let deep: unknown = value;
    for (let depth = 0; depth < 120; depth += 1) deep = depth % 2 === 0 ? { name: deep } : [deep];
    for (const wrong of [value, { a: 1, b: value }, deep]) {
      const error = thrownBy(() => jsonText("events[3]", wrong));
      expect(error).toMatchObject({ code: "CONFIG", path: "events[3]" });
      expect(error).toHaveProperty(
        "message",
        expect.stringMatching(`^events\\[3\\] must be what JSON can say: no .*${word}`),
      );
      expect((error as Error).message).not.toContain("s3cret");
      expect((error as Error).cause).toBeUndefined();
    }
  });

  it("undefined has none", () => {
    expect(() => jsonText("x", undefined)).toThrow("x must be what JSON can say: no undefined");
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
