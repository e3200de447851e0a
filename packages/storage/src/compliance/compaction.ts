/**
 * Compaction: of all records with one key the newest stays; offsets keep their values, and readers meet gaps.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NewRecord } from "../ports.ts";
import { KEEP, appendTo, plain, plainOf, readAll, record, texts } from "./log-records.ts";
import type { Plain } from "./log-records.ts";
import type { WithTwoNodes } from "./subject.ts";

const COMPACT = { retentionMs: null, compact: true };
const DAY_MS = 24 * 3_600_000;

const anyKeyed: fc.Arbitrary<NewRecord> = fc
  .tuple(fc.option(fc.constantFrom("k", "l", "m"), { nil: undefined }), fc.uint8Array({ maxLength: 20 }))
  .map(([key, value]) => ({ value, ...(key !== undefined && { key }) }));
const anyBatches = fc.array(fc.array(anyKeyed, { minLength: 1, maxLength: 6 }), { maxLength: 12 });

export function compactionCompliance(twoNodes: WithTwoNodes): void {
  describe("compaction", () => {
    it(
      "leaves the newest record of each key, those without one, and all offsets as they are",
      twoNodes.compacting(async ({ a, b, compact }) => {
        await fc.assert(
          fc.asyncProperty(fc.array(anyBatches, { maxLength: 3 }), async (rounds) => {
            const id = randomUUID();
            await a.log.create(id, 1, COMPACT);
            const stored: Plain[] = [];
            for (const batches of rounds) {
              for (const batch of batches) {
                const { first } = await appendTo(a.log, id, 0, batch);
                stored.push(...batch.map((each, index) => plain(first + index, each)));
              }
              await compact();
              const newest = new Map(stored.map(({ key, offset }) => [key, offset]));
              const kept = stored.filter(({ key, offset }) => key === undefined || newest.get(key) === offset);
              for (const from of [0, 3, 10, stored.length]) {
                const slice = await readAll(b.log, id, 0, from);
                expect(plainOf(slice)).toEqual(kept.filter(({ offset }) => offset >= from));
                expect(slice.next).toBeGreaterThanOrEqual(Math.max(from, (stored.at(-1)?.offset ?? -1) + 1));
                expect(slice.oldest).toBeLessThanOrEqual(stored[0]?.offset ?? 0);
              }
            }
          }),
          { numRuns: 30 },
        );
      }),
    );

    it(
      "keeps a tombstone for a day, and touches no log that does not ask for it",
      twoNodes.timedCompacting(async ({ a, b, clock, compact }) => {
        await a.log.create("x", 1, COMPACT);
        await a.log.create("y", 1, KEEP);
        for (const id of ["x", "y"]) {
          await appendTo(a.log, id, 0, [record("p", { key: "k" }), record("q", { key: "l" })]);
          await appendTo(a.log, id, 0, [{ value: null, key: "k" }]);
        }
        await compact();
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["q", ""]);
        const [bounds] = await b.log.bounds("x");
        clock.advance(DAY_MS + 1);
        await compact();
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["q"]);
        expect(texts(await readAll(b.log, "y", 0))).toEqual(["p", "q", ""]);
        expect(await b.log.bounds("x")).toEqual([bounds]);
        expect((await appendTo(a.log, "x", 0, [record("r", { key: "k" })])).first).toBe(bounds?.next);
      }),
    );

    it(
      "goes together with retention",
      twoNodes.timedCompacting(async ({ a, b, clock, compact }) => {
        await a.log.create("x", 1, { retentionMs: DAY_MS, compact: true });
        await appendTo(a.log, "x", 0, [record("p", { key: "k" }), record("q", { key: "l" })]);
        clock.advance(DAY_MS / 2);
        const { first } = await appendTo(a.log, "x", 0, [record("r", { key: "k" })]);
        await compact();
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["q", "r"]);
        clock.advance(DAY_MS / 2);
        expect((await b.log.bounds("x"))[0]?.oldest).toBe(first);
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["r"]);
      }),
    );
  });
}
