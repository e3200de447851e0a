/**
 * Offsets ascend in each partition, with gaps or not, and every read returns exactly what was appended, in order.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogPort, NewRecord, Slice } from "../ports.ts";
import { ALL, anyRecord, appendTo, KEEP, plain, plainOf, readAll, record } from "./log-records.ts";
import type { Plain } from "./log-records.ts";
import { NEVER } from "./subject.ts";
import type { WithTwoNodes } from "./subject.ts";

const PARTITIONS = 3;

const anyBatches = fc
  .uniqueArray(fc.tuple(fc.nat(PARTITIONS - 1), fc.array(anyRecord, { minLength: 1, maxLength: 5 })), {
    selector: ([partition]) => partition,
    minLength: 1,
  })
  .map((entries) => new Map<number, readonly NewRecord[]>(entries));
const anyAppends = fc.array(fc.record({ onA: fc.boolean(), batches: anyBatches }), {
  maxLength: 8,
});
const anyRead = fc.record({
  onA: fc.boolean(),
  partition: fc.nat(PARTITIONS - 1),
  from: fc.integer({ min: -2, max: 40 }),
  max: fc.record({ bytes: fc.nat(60), records: fc.integer({ min: 1, max: 12 }) }),
});

export function logReadingCompliance(twoNodes: WithTwoNodes): void {
  describe("reading a log", () => {
    it(
      "returns exactly what two nodes have appended at the same time, from anywhere, in any portions",
      twoNodes(async ({ a, b }) => {
        const logOf = (onA: boolean): LogPort => (onA ? a.log : b.log);
        await fc.assert(
          fc.asyncProperty(
            fc.array(anyAppends, { maxLength: 4 }),
            fc.array(anyRead, { maxLength: 12 }),
            async (groups, reads) => {
              const id = randomUUID();
              await a.log.create(id, PARTITIONS, KEEP);
              const stored: Plain[][] = Array.from({ length: PARTITIONS }, () => []);
              for (const group of groups) {
                await Promise.all(group.map(({ onA, batches }) => appendInto(stored, logOf(onA), id, batches)));
              }
              for (const partition of stored) {
                partition.sort((one, other) => one.offset - other.offset);
                expect(new Set(partition.map(({ offset }) => offset)).size).toBe(partition.length);
                for (const { offset } of partition) expect(offset).toBeGreaterThanOrEqual(0);
              }
              const slices: Slice[] = [];
              for (const { onA, partition, from, max } of reads)
                slices.push(await logOf(onA).read(id, partition, from, max, NEVER));
              for (const [index, { partition, from, max }] of reads.entries())
                check(slices[index], stored[partition], from, max);
              for (const [partition, expected] of stored.entries()) {
                expect(await readInPortions(b.log, id, partition, { bytes: 30, records: 4 })).toEqual(expected);
                expect(plainOf(await readAll(a.log, id, partition))).toEqual(expected);
              }
            },
          ),
        );
      }),
    );

    it(
      "gives at least one record, however large",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 1, KEEP);
        const large = record("l".repeat(1_000_000));
        const { first } = await appendTo(a.log, "x", 0, [record("s"), large, record("s")]);
        const max = { bytes: 10, records: 10 };
        expect(plainOf(await b.log.read("x", 0, first + 1, max, NEVER))).toEqual([plain(first + 1, large)]);
        expect(plainOf(await b.log.read("x", 0, first, max, NEVER))).toHaveLength(1);
      }),
    );

    it(
      "waits at the end, and beyond it",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 1, KEEP);
        expect(await b.log.read("x", 0, 0, ALL, NEVER)).toEqual({ frames: [], next: 0, oldest: 0 });
        await appendTo(a.log, "x", 0, [record("p")]);
        const [{ oldest, next } = { oldest: NaN, next: NaN }] = await b.log.bounds("x");
        for (const from of [next, next + 7])
          expect(await b.log.read("x", 0, from, ALL, NEVER)).toEqual({ frames: [], next: from, oldest });
      }),
    );

    it(
      "loses nothing but older records of a key where it compacts",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 1, { retentionMs: null, compact: true });
        const batch = Array.from({ length: 20 }, (_, index) => record(`v${index}`, { key: `k${index % 3}` }));
        const { first } = await appendTo(a.log, "x", 0, batch);
        const all = batch.map((each, index) => plain(first + index, each));
        const found = await readInPortions(b.log, "x", 0, { bytes: 1e6, records: 3 });
        expect(all).toEqual(expect.arrayContaining(found));
        expect(found.slice(-3)).toEqual(all.slice(-3));
        expect((await b.log.bounds("x"))[0]?.next).toBeGreaterThanOrEqual(first + batch.length);
      }),
    );
  });
}

async function appendInto(
  stored: Plain[][],
  log: LogPort,
  id: string,
  batches: ReadonlyMap<number, readonly NewRecord[]>,
): Promise<void> {
  const outcomes = await log.append(id, batches, NEVER);
  expect(new Set(outcomes.keys())).toEqual(new Set(batches.keys()));
  for (const [partition, batch] of batches) {
    const outcome = outcomes.get(partition);
    if (outcome?.outcome !== "stored") throw new Error("An append was not stored.", { cause: outcome?.cause });
    expect(outcome.last).toBe(outcome.first + batch.length - 1);
    stored[partition]?.push(...batch.map((each, index) => plain(outcome.first + index, each)));
  }
}

function check(
  slice: Slice | undefined,
  all: Plain[] = [],
  from: number,
  max: { bytes: number; records: number },
): void {
  if (!slice) throw new Error("nothing was read");
  const found = plainOf(slice);
  const wanted = all.filter(({ offset }) => offset >= from);
  expect(found).toEqual(wanted.slice(0, found.length));
  if (wanted.length > 0) expect(found.length).toBeGreaterThan(0);
  if (found.length > 1) {
    expect(found.length).toBeLessThanOrEqual(max.records);
    expect(found.reduce((bytes, { value }) => bytes + (value?.length ?? 0) / 2, 0)).toBeLessThanOrEqual(max.bytes);
  }
  expect(slice.next).toBeGreaterThanOrEqual(Math.max(from, 0));
  expect(slice.next).toBeGreaterThan(found.at(-1)?.offset ?? -1);
  expect(slice.next).toBeLessThanOrEqual(wanted[found.length]?.offset ?? Infinity);
  expect(slice.oldest).toBeLessThanOrEqual(all[0]?.offset ?? Infinity);
  for (const frame of slice.frames) {
    expect(frame.offsets[0]).toBe(frame.first);
    expect(frame.offsets).toHaveLength(frame.records.length);
  }
}

async function readInPortions(
  log: LogPort,
  id: string,
  partition: number,
  max: { bytes: number; records: number },
): Promise<Plain[]> {
  const found: Plain[] = [];
  for (let from = 0; ;) {
    const slice = await log.read(id, partition, from, max, NEVER);
    found.push(...plainOf(slice));
    if (slice.next === from) return found;
    from = slice.next;
  }
}
