/**
 * Damaged segments: damage is neither delivered nor passed over.
 */
import { readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { KEEP, appendTo, plain, plainOf, readAll, record } from "../../compliance/log-records.ts";
import type { Plain } from "../../compliance/log-records.ts";
import { NEVER } from "../../compliance/subject.ts";
import { DamagedEventsError } from "../../damaged-events-error.ts";
import type { LogPort, NewRecord } from "../../ports.ts";
import { openForTest, segmentsOf, unsyncedFiles } from "./open-for-test.ts";
import type { OpenForTest } from "./open-for-test.ts";

let root: string;

beforeEach(async () => {
  root = await folderForTest("damage");
});

function open(): Promise<OpenForTest> {
  const clock = new ManualClock();
  return openForTest({ directory: root, clock, files: unsyncedFiles, segmentBytes: 2_000, unwrittenBytes: 3_000 });
}

/** Reads on behind each place that cannot be read, offset by offset. */
async function readable(log: LogPort, next: number): Promise<{ found: Plain[]; damaged: number[] }> {
  const found: Plain[] = [];
  const damaged: number[] = [];
  for (let from = 0; from < next;) {
    try {
      const slice = await log.read("x", 0, from, { bytes: 1_000, records: 7 }, NEVER);
      expect(slice.next).toBeGreaterThan(from);
      found.push(...plainOf(slice));
      from = slice.next;
    } catch (error) {
      expect(error).toBeInstanceOf(DamagedEventsError);
      expect(error).toMatchObject({ offset: from });
      damaged.push(from);
      from += 1;
    }
  }
  return { found, damaged };
}

describe("damage", () => {
  it("is never delivered and never passed over, and what is intact is read", async () => {
    const engine = await open();
    const { log } = engine.node("a");
    await log.create("x", 1, KEEP);
    const stored: Plain[] = [];
    for (let each = 0; each < 80; each++) {
      const batch: NewRecord[] = [record(`${each} `.repeat(20), { key: `k${each}` }), record("second")];
      const { first } = await appendTo(log, "x", 0, batch);
      stored.push(...batch.map((one, index) => plain(first + index, one)));
    }
    await engine.close();
    const paths = await segmentsOf(root, 1, 0);
    const whole = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(9_999).map((where) => where / 10_000),
        fc.constantFrom("flip" as const, "cut" as const, "zero" as const, "missing" as const),
        async (path, where, how) => {
          const bytes = Buffer.from(whole.get(path) ?? Buffer.alloc(0));
          const at = Math.floor(bytes.length * where);
          if (how === "flip") bytes[at] = (bytes[at] ?? 0) ^ 0x10;
          if (how === "zero") bytes.fill(0, at, Math.min(at + 100, bytes.length));
          if (how === "missing") await rm(path);
          else await writeFile(path, bytes);
          if (how === "cut") await truncate(path, at);
          const broken = await open();
          try {
            const { log: again } = broken.node("a");
            const { found, damaged } = await readable(again, stored.length);
            expect(damaged.length).toBeGreaterThan(0);
            expect(found).toEqual(stored.filter(({ offset }) => !damaged.includes(offset)));
            // One frame, or what a segment had from there on.
            if (how === "flip") expect(damaged.length).toBe(2);
            expect(await again.bounds("x")).toEqual([{ oldest: 0, next: stored.length }]);
          } finally {
            await broken.kill();
            await writeFile(path, whole.get(path) ?? "");
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 240_000);

  it("takes no offset away: what is appended then follows the last one", async () => {
    let engine = await open();
    await engine.node("a").log.create("x", 1, KEEP);
    for (let each = 0; each < 5; each++) await appendTo(engine.node("a").log, "x", 0, [record("v".repeat(100))]);
    await engine.close();
    const [path = ""] = await segmentsOf(root, 1, 0);
    await truncate(path, 200);
    engine = await open();
    const { log } = engine.node("a");
    expect(await appendTo(log, "x", 0, [record("later")])).toMatchObject({ first: 5 });
    await engine.checkpoint();
    expect((await stat(path)).size).toBe(200);
    expect(plainOf(await readAll(log, "x", 0, 5))).toEqual([plain(5, record("later"))]);
    expect(plainOf(await readAll(log, "x", 0, 0))).toHaveLength(1);
    await expect(readAll(log, "x", 0, 1)).rejects.toThrow(
      'The stored events in logs/1/0 are damaged at offset 1; "nakadi repair" says which are gone.',
    );
    await engine.close();
  });
});
