/** Invariant 9: whatever the server and the network answer, the verdicts agree with what the broker holds. */
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { NakadiClient, type PublisherOptions, type PublishResult } from "../src/index.ts";
import { ModelBroker, type ModelEvent, type Weather } from "./model-broker.ts";
import { settle } from "./test-stream.ts";

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
/** A 422 that names a stored event all the same (S10): what was in flight reads `aborted`. */
const contradictory = fc.constantFrom(
  { says: "submitted", stored: true } as const,
  { says: "aborted", stored: false } as const,
  { says: "aborted", stored: true } as const,
);

const weather: fc.Arbitrary<Weather> = fc.oneof(
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

const MAX_ELAPSED_MS = 60_000;

async function published(
  count: number,
  sky: readonly Weather[],
  options: PublisherOptions,
): Promise<{ broker: ModelBroker; result: PublishResult; elapsedMs: number; pending: number }> {
  const clock = new ManualClock();
  const broker = new ModelBroker(clock, sky);
  const nakadi = new NakadiClient({ baseUrl: "http://x", transport: broker, clock, random: () => 0.5 });
  const events: ModelEvent[] = Array.from({ length: count }, (_, n) => ({ n }));
  let result: PublishResult | undefined;
  const started = clock.monotonicMs();
  const done = nakadi
    .publisher<ModelEvent>("e", { throwOn: "never", category: "business", ...options })
    .publish(events)
    .then((value) => (result = value));
  while (!result) {
    await settle();
    if (!result) clock.advance(clock.nextInMs ?? 0);
  }
  await done;
  const elapsedMs = clock.monotonicMs() - started;
  await nakadi.close();
  return { broker, result, elapsedMs, pending: clock.pending };
}

it("invariant 9: none that is said to be submitted is missing, none that is rejected or aborted is there", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.array(weather, { maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      async (count, sky, attempts, resendUnknown) => {
        const { broker, result, elapsedMs, pending } = await published(count, sky, {
          resendUnknown,
          retry: { attempts, maxElapsedMs: MAX_ELAPSED_MS },
        });
        expect(result.verdicts).toHaveLength(count);
        result.verdicts.forEach(({ status, eid, mayBeDuplicated }, n) => {
          const times = broker.stored.filter((one) => one === n).length;
          if (status === "submitted") expect(times).toBeGreaterThan(0);
          if (status === "rejected" || status === "aborted") expect(times).toBe(0);
          if (times > 1) expect(mayBeDuplicated).toBe(true);
          if (!resendUnknown) expect([times <= 1, mayBeDuplicated]).toEqual([true, false]);
          // Each time the same event, and never an empty request.
          const eids = broker.requests.flatMap(({ events, eids }) => eids.filter((_, place) => events[place] === n));
          expect(new Set([...eids, eid]).size).toBe(1);
        });
        expect(broker.requests.every(({ events }) => events.length > 0)).toBe(true);
        expect(broker.requests.length).toBeLessThanOrEqual(attempts);
        expect(elapsedMs).toBeLessThanOrEqual(MAX_ELAPSED_MS);
        expect(pending).toBe(0);
      },
    ),
    { numRuns: 1_000 },
  );
});

it("invariant 9: what was not stored is never overtaken by an event behind it, unless the answer itself says so", async () => {
  // Without answers that store a part, the log is always in the order of the events.
  const whole = weather.filter(({ kind }) => kind !== "items");
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(whole, { maxLength: 12 }), async (count, sky) => {
      const { broker, result } = await published(count, sky, { resendUnknown: false });
      expect(broker.stored).toEqual([...broker.stored].sort((a, b) => a - b));
      // Behind the first that may be sent again, nothing was stored.
      const first = result.verdicts.findIndex(({ status }) => status === "aborted");
      if (first >= 0) expect(broker.stored.every((n) => n < first)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it("when the weather gets better, everything is stored but what the server will never take", async () => {
  const passing = weather.filter(
    (one) =>
      one.kind === "unsent" ||
      one.kind === "items" ||
      (one.kind.startsWith("lost") && "how" in one && one.how !== 501 && one.how !== "timeout"),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(passing, { maxLength: 6 }), async (count, sky) => {
      const { result } = await published(count, sky, {});
      expect(result.verdicts.every(({ status }) => status === "submitted")).toBe(true);
    }),
  );
});
