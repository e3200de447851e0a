/**
 * JSON that is nearly what an endpoint wants: a body that is right, with a member gone, strange, or one too many.
 * @pure
 */
import fc from "fast-check";

/** Values at the edges of what is allowed, and far beyond. */
const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, "", 0, -1, 1.5, true, [], {}, [null], [[]], "null", "\u0000", "💥"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(2 ** 31, -(2 ** 31), 2 ** 53, 1e308, -0, "9".repeat(30), "x".repeat(300)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>("__proto__", "constructor", "toString", { __proto__: null, toString: 1 }),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

type Change = (body: unknown) => unknown;

/** Does something to one place of the body; which one, `at` decides. */
function changedAt(body: unknown, at: number, change: (container: object, key: string) => void): unknown {
  const copy: unknown = structuredClone(body);
  const places: [object, string][] = [];
  const waiting: unknown[] = [copy];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== "object" || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      places.push([next, key]);
      waiting.push(value);
    }
  }
  const place = places[at % Math.max(1, places.length)];
  if (place) change(...place);
  return copy;
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.nat(1_000), strangeValue).map(
    ([at, value]): Change =>
      (body) =>
        changedAt(body, at, (container, key) => Reflect.set(container, key, value)),
  ),
  fc.nat(1_000).map(
    (at): Change =>
      (body) =>
        changedAt(body, at, (container, key) => {
          if (Array.isArray(container)) container.splice(Number(key), 1);
          else Reflect.deleteProperty(container, key);
        }),
  ),
  fc.tuple(fc.nat(1_000), fc.string(), strangeValue).map(
    ([at, name, value]): Change =>
      (body) =>
        changedAt(body, at, (container) => Reflect.set(container, Array.isArray(container) ? "0" : name, value)),
  ),
  strangeValue.map(
    (value): Change =>
      () =>
        value,
  ),
);

const TEXT = new TextEncoder();

/** Bytes of `body`, mostly as it is or changed in a few places, sometimes no JSON at all. */
export function anyBytesOf(body: fc.Arbitrary<unknown>): fc.Arbitrary<Uint8Array> {
  const right = body.map((value) => JSON.stringify(value));
  const changed = fc
    .tuple(body, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([value, changes]) => JSON.stringify(changes.reduce<unknown>((now, next) => next(now), value)) ?? "");
  const cut = fc.tuple(right, fc.nat(10_000)).map(([text, at]) => text.slice(0, at % (text.length + 1)));
  const spliced = fc
    .tuple(
      right,
      fc.nat(10_000),
      fc.constantFrom(",", "{", "]", '"', "\u0000", "\\u12", "NaN", "1e999", "99999999999999999999", " "),
    )
    .map(([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice(at % (text.length + 1)));
  return fc.oneof(
    { weight: 8, arbitrary: right.map((text) => TEXT.encode(text)) },
    { weight: 8, arbitrary: changed.map((text) => TEXT.encode(text)) },
    { weight: 2, arbitrary: cut.map((text) => TEXT.encode(text)) },
    { weight: 2, arbitrary: spliced.map((text) => TEXT.encode(text)) },
    { weight: 1, arbitrary: fc.string().map((text) => TEXT.encode(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  );
}
