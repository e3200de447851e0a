/** Invariant 9: whatever the server and the network answer, the verdicts agree with what the broker holds. */
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { NakadiClient, type PublisherOptions, type PublishResult } from "../src/index.ts";
import { ModelBroker, type ModelEvent, type Weather } from "./model-broker.ts";
import { settle } from "./test-stream.ts";
import { weather } from "./weather.ts";

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
      const refuses = sky.some((one) => one.kind === "items" && one.items.some(({ says }) => says === "failed"));
      // What is refused when it is sent again may have been stored the first time: unknown.
      const ends = refuses ? ["submitted", "rejected", "unknown"] : ["submitted"];
      expect(result.verdicts.filter(({ status }) => !ends.includes(status))).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});
