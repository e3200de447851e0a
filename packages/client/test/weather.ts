/** All that may come between a publisher and what its broker holds. */
import fc from "fast-check";
import type { Weather } from "./model-broker.ts";

const garbage = fc.constantFrom(
  "",
  "{",
  "[]",
  "null",
  "[null]",
  '[{"publishing_status":"submitted"',
  "<html>login</html>",
);
const problem = fc.constantFrom('{"title":"T","detail":"why"}', "<html><h1>no</h1></html>", "");
const bad = fc.oneof(
  { weight: 2, arbitrary: fc.constant<number[]>([]) },
  fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
);
const serverTrouble = fc.constantFrom(408, 425, 500, 501, 502, 503, 504);
const how = fc.oneof(fc.constantFrom("cut" as const, "timeout" as const), serverTrouble);

/** What a 207 says of an event, and what is true: `submitted` always is, the others need not be. */
const partial = fc.constantFrom(
  { says: "submitted", stored: true } as const,
  { says: "failed", stored: false } as const,
  { says: "failed", stored: true } as const,
  { says: "aborted", stored: false } as const,
  { says: "aborted", stored: true } as const,
);
/** A 422 that names a stored event all the same (S10): what was in flight reads `aborted`; what it calls failed it refused. */
const contradictory = fc.constantFrom(
  { says: "failed", stored: false } as const,
  { says: "submitted", stored: true } as const,
  { says: "aborted", stored: false } as const,
  { says: "aborted", stored: true } as const,
);

export const weather: fc.Arbitrary<Weather> = fc.oneof(
  fc.record({ kind: fc.constant("fine" as const), bad }),
  fc.record({ kind: fc.constant("lost-after" as const), bad, how, body: problem }),
  fc.record({ kind: fc.constant("lost-before" as const), how, body: problem }),
  // A 200 with a content: from the server by a way that garbles it, or from a gateway alone.
  fc.record({
    kind: fc.constantFrom("lost-after" as const, "lost-before" as const),
    bad: fc.constant<number[]>([]),
    how: fc.constantFrom(200, 207, 422),
    body: garbage.filter((text) => text !== ""),
  }),
  fc.constant<Weather>({ kind: "unsent" }),
  fc.record({
    kind: fc.constant("items" as const),
    status: fc.constant(207 as const),
    items: fc.array(partial, { minLength: 1, maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("items" as const),
    status: fc.constant(422 as const),
    items: fc
      .array(contradictory, { maxLength: 5 })
      // An even share of places, so that at least one event, the first, is named as stored.
      .map((rest) => [{ says: "submitted" as const, stored: true }, ...rest]),
  }),
  fc.record(
    {
      kind: fc.constant("refused" as const),
      status: fc.constantFrom(302, 400, 401, 403, 404, 405, 413, 415, 429),
      body: problem,
      retryAfter: fc.constantFrom("0", "1", "20", "900", "soon"),
    },
    { requiredKeys: ["kind", "status", "body"] },
  ),
);
