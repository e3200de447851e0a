/** The outbox under every weather, with crashes. */
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { NakadiClient } from "../src/index.ts";
import { MemoryOutbox } from "./memory-outbox.ts";
import { ModelBroker, type Weather } from "./model-broker.ts";
import { quiet, row } from "./test-outbox.ts";
import { weather } from "./weather.ts";

it("whatever server, network and crashes do: a row goes when it is stored, is set aside when it is not, and order holds", async () => {
  // The model's server may call an event bad and take it later, which no server does.
  const keepsOrder = (one: Weather): boolean =>
    one.kind !== "items" && !("bad" in one && one.bad.length > 0) && !(one.kind === "refused" && one.status < 414);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.oneof(fc.array(weather, { maxLength: 10 }), fc.array(weather.filter(keepsOrder), { maxLength: 10 })),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      async (count, sky: readonly Weather[], maxRows, crashesAfter) => {
        const clock = new ManualClock();
        const broker = new ModelBroker(clock, sky);
        const store = new MemoryOutbox<ReturnType<typeof row>>();
        store.rows = Array.from({ length: count }, (_, n) => row(n));
        const all = [...store.rows];
        const crashes = [...crashesAfter];
        for (let crashed = true; crashed;) {
          crashed = false;
          const nakadi = new NakadiClient({ baseUrl: "http://x", transport: broker, clock, random: () => 0.5 });
          nakadi.outbox(store, { maxRows, publisher: { retry: { attempts: 3, maxElapsedMs: 20_000 } } });
          const crashAt = broker.requests.length + (crashes.shift() ?? Number.POSITIVE_INFINITY);
          for (await quiet(); store.rows.length > 0 && !crashed; await quiet()) {
            crashed = broker.requests.length >= crashAt;
            if (!crashed) clock.advance(clock.nextInMs ?? 0);
          }
          const closing = nakadi.close();
          await quiet();
          await closing;
        }
        const times = (n: number): number => broker.stored.filter((one) => one === n).length;
        const aside = new Set(store.aside.map((one) => one.row.event.n));
        for (const one of all) {
          const { n } = one.event;
          if (!aside.has(n)) expect(times(n)).toBeGreaterThan(0);
          // Where an earlier claim was cut off is unknown, and the model's server may refuse what it has stored.
          else if (store.claims.filter((rows) => rows.includes(one)).length === 1) expect(times(n)).toBe(0);
        }
        // Each time the same event.
        for (const { event } of all) {
          const eids = broker.requests.flatMap(({ events, eids }) => eids.filter((_, at) => events[at] === event.n));
          expect(new Set([...eids, event.metadata.eid]).size).toBe(1);
        }
        if (!sky.every(keepsOrder)) return;
        const first = [...new Set(broker.stored)];
        expect(first).toEqual([...first].sort((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});
