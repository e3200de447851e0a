/**
 * What is older than a log keeps it goes, nothing younger; and which offset belongs to a time.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogPort } from "../ports.ts";
import { appendTo, KEEP, plainOf, readAll, record, records, texts } from "./log-records.ts";
import { eventually } from "./subject.ts";
import type { WithTwoNodes } from "./subject.ts";

const HOUR_MS = 3_600_000;
const HOURLY = { retentionMs: HOUR_MS, compact: false };

/** Whether the record at `offset` of log `x` is the oldest one. */
async function isOldest(log: LogPort, offset: number): Promise<boolean> {
  return plainOf(await readAll(log, "x", 0))[0]?.offset === offset;
}

async function isEmpty(log: LogPort): Promise<boolean> {
  return (await readAll(log, "x", 0)).frames.length === 0;
}

export function retentionCompliance(twoNodes: WithTwoNodes): void {
  describe("retention", () => {
    it(
      "drops the oldest and goes on with the same offsets",
      twoNodes.timed(async ({ a, b, clock }) => {
        await a.log.create("x", 2, HOURLY);
        await appendTo(a.log, "x", 0, records("p", "q"));
        clock.advance(HOUR_MS / 2);
        const { first: younger } = await appendTo(a.log, "x", 0, records("r"));
        const whole = await b.log.bounds("x");
        const next = whole[0]?.next ?? NaN;
        expect(plainOf(await readAll(b.log, "x", 0))).toHaveLength(3);
        expect(whole[1]).toEqual({ oldest: 0, next: 0 });
        clock.advance(HOUR_MS / 2 + 1);
        await eventually(clock, async () => isOldest(b.log, younger));
        expect(await readAll(b.log, "x", 0)).toMatchObject({ next, frames: [{ first: younger, offsets: [younger] }] });
        clock.advance(HOUR_MS);
        await eventually(clock, async () => (await b.log.bounds("x"))[0]?.oldest === next);
        expect(await readAll(a.log, "x", 0)).toEqual({ frames: [], next, oldest: next });
        expect(await readAll(a.log, "x", 0, -1)).toEqual({ frames: [], next, oldest: next });
        expect((await appendTo(b.log, "x", 0, records("s"))).first).toBeGreaterThanOrEqual(next);
        expect(texts(await readAll(a.log, "x", 0))).toEqual(["s"]);
        expect((await a.log.bounds("x"))[1]).toEqual({ oldest: 0, next: 0 });
      }),
    );

    it(
      "keeps everything where there is none",
      twoNodes.timed(async ({ a, b, clock }) => {
        await a.log.create("x", 1, KEEP);
        await appendTo(a.log, "x", 0, records("p"));
        clock.advance(100_000 * HOUR_MS);
        await appendTo(a.log, "x", 0, records("q"));
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["p", "q"]);
      }),
    );

    it(
      "follows a new policy, from any node",
      twoNodes.timed(async ({ a, b, clock }) => {
        await a.log.create("x", 1, HOURLY);
        await appendTo(a.log, "x", 0, records("p"));
        await b.log.configure("x", { retentionMs: 4 * HOUR_MS, compact: false });
        await b.log.configure("x", { retentionMs: 4 * HOUR_MS, compact: false });
        clock.advance(2 * HOUR_MS);
        expect(texts(await readAll(a.log, "x", 0))).toEqual(["p"]);
        await a.log.configure("x", HOURLY);
        await eventually(clock, async () => isEmpty(b.log));
      }),
    );

    it(
      "drops nothing because the wall clock is set ahead, and then all in its time",
      twoNodes.timed(async ({ a, b, clock }) => {
        await a.log.create("x", 1, HOURLY);
        await appendTo(a.log, "x", 0, records("p"));
        clock.advance(HOUR_MS / 2);
        clock.jumpWall(2 * HOUR_MS);
        const { first: younger } = await appendTo(a.log, "x", 0, records("q"));
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["p", "q"]);
        clock.advance(HOUR_MS / 2 - 1);
        expect(texts(await readAll(b.log, "x", 0))).toEqual(["p", "q"]);
        clock.advance(1);
        await eventually(clock, async () => isOldest(b.log, younger));
        clock.advance(HOUR_MS / 2);
        await eventually(clock, async () => isEmpty(b.log));
      }),
    );

    it(
      "drops nothing because the wall clock is set back and right again, and keeps no record for as long as it was wrong",
      twoNodes.timed(async ({ a, b, clock }) => {
        const years = 100_000 * HOUR_MS;
        await a.log.create("x", 1, HOURLY);
        let stored = 0;
        for (const setMs of [-years, years, years, -years]) {
          clock.jumpWall(setMs);
          await appendTo(a.log, "x", 0, records("p"));
          stored += 1;
          expect(plainOf(await readAll(b.log, "x", 0))).toHaveLength(stored);
        }
        clock.advance(HOUR_MS - 1);
        expect(plainOf(await readAll(b.log, "x", 0))).toHaveLength(stored);
        clock.advance(1);
        await eventually(clock, async () => isEmpty(b.log));
      }),
    );

    it(
      "never drops what is younger, and nothing from the middle",
      twoNodes.timed(async ({ a, b, clock }) => {
        const anyMinutes = fc.array(fc.integer({ min: 0, max: 50 }), {
          minLength: 1,
          maxLength: 8,
        });
        await fc.assert(
          fc.asyncProperty(anyMinutes, async (minutes) => {
            const id = randomUUID();
            await a.log.create(id, 1, HOURLY);
            const stored: { first: number; timestampMs: number }[] = [];
            for (const [index, wait] of minutes.entries()) {
              stored.push(await appendTo(a.log, id, 0, [record(`r${index}`)]));
              clock.advance(wait * 60_000);
              const found = plainOf(await readAll(b.log, id, 0)).map(({ offset }) => offset);
              const young = stored.find(({ timestampMs }) => timestampMs > clock.wallMs() - HOUR_MS);
              if (young) expect(found).toContain(young.first);
              expect(found).toEqual(stored.slice(stored.length - found.length).map(({ first }) => first));
            }
          }),
          { numRuns: 50 },
        );
      }),
    );
  });

  describe("retention by size", () => {
    it(
      "keeps at least the newest bytes of each partition, and drops the oldest",
      twoNodes.sized(async ({ a, b, spareBytes }) => {
        const [batchBytes, retentionBytes] = [1_000, 10_000];
        await a.log.create("x", 2, { ...KEEP, retentionBytes });
        await appendTo(a.log, "x", 1, records("p"));
        const stored: number[] = [];
        let oldest = 0;
        for (let bytes = 0; oldest === 0; bytes += batchBytes) {
          expect(bytes).toBeLessThanOrEqual(retentionBytes + spareBytes);
          const batch = Array.from({ length: 10 }, () => record("v".repeat(batchBytes / 10)));
          const { first } = await appendTo(a.log, "x", 0, batch);
          stored.push(...batch.map((_, index) => first + index));
          oldest = (await b.log.bounds("x"))[0]?.oldest ?? NaN;
        }
        const slice = await readAll(b.log, "x", 0);
        expect(slice.oldest).toBe(oldest);
        const left = plainOf(slice).map(({ offset }) => offset);
        expect(left).toEqual(stored.filter((offset) => offset >= oldest));
        // An engine counts what it stores beside the values too.
        expect((left.length * batchBytes) / 10).toBeGreaterThan(retentionBytes / 2);
        expect(texts(await readAll(b.log, "x", 1))).toEqual(["p"]);
        await b.log.configure("x", KEEP);
        expect(plainOf(await readAll(a.log, "x", 0))).toEqual(plainOf(slice));
        await a.log.configure("x", { ...KEEP, retentionBytes: 1 });
        expect((await appendTo(a.log, "x", 0, records("next"))).first).toBeGreaterThan(stored.at(-1) ?? NaN);
        expect(texts(await readAll(b.log, "x", 0)).at(-1)).toBe("next");
      }),
    );
  });

  describe("the offset at a time", () => {
    it(
      "is the first that was stored then or later, even if the wall clock jumps",
      twoNodes.timed(async ({ a, b, clock }) => {
        const anyJump = fc.record({
          byMs: fc.integer({ min: -3, max: 5 }),
          count: fc.integer({ min: 1, max: 3 }),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(anyJump, { maxLength: 8 }), async (jumps) => {
            const id = randomUUID();
            await a.log.create(id, 1, KEEP);
            const stored: { first: number; timestampMs: number }[] = [];
            for (const { byMs, count } of jumps) {
              clock.jumpWall(byMs);
              const batch = records(...Array.from({ length: count }, () => "r"));
              stored.push(await appendTo(a.log, id, 0, batch));
            }
            const next = (await b.log.bounds(id))[0]?.next;
            for (const timeMs of [
              0,
              ...stored.flatMap(({ timestampMs }) => [-1, 0, 1].map((by) => timestampMs + by)),
            ]) {
              const found = stored.find(({ timestampMs }) => timestampMs >= timeMs);
              expect(await b.log.offsetAt(id, 0, timeMs)).toBe(found?.first ?? next);
            }
          }),
          { numRuns: 50 },
        );
      }),
    );

    it(
      "is never one that is gone",
      twoNodes.timed(async ({ a, b, clock }) => {
        await a.log.create("x", 1, HOURLY);
        const startMs = clock.wallMs();
        await appendTo(a.log, "x", 0, records("p", "q"));
        clock.advance(HOUR_MS + 1);
        const { first } = await appendTo(a.log, "x", 0, records("r"));
        await eventually(clock, async () => (await b.log.offsetAt("x", 0, startMs)) === first);
      }),
    );
  });
}
