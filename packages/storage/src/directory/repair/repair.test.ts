/**
 * A damaged directory can be used after a repair: what is intact is there, what is gone is reported, and no offset is given twice.
 */
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { KEEP, appendTo, plain, plainOf, readAll, record } from "../../compliance/log-records.ts";
import type { Plain } from "../../compliance/log-records.ts";
import { openForTest, segmentsOf, unsyncedFiles } from "../segments/open-for-test.ts";
import type { OpenForTest } from "../segments/open-for-test.ts";
import { isHealthy, repairDirectory, verifyDirectory } from "./repair.ts";
import type { DirectoryCheck } from "./repair.ts";

let root: string;
let whole: string;
let directory: string;
const stored: Plain[] = [];

function open(path = directory): Promise<OpenForTest> {
  const clock = new ManualClock();
  return openForTest({ directory: path, clock, files: unsyncedFiles, segmentBytes: 2_000, unwrittenBytes: 3_000 });
}

/** Two thirds in segments, the rest in the journal. */
beforeEach(async () => {
  root = await folderForTest("repair");
  whole = join(root, "whole");
  directory = join(root, "data");
  stored.length = 0;
  const engine = await open(whole);
  const { log } = engine.node("a");
  await log.create("x", 2, KEEP);
  for (let each = 0; each < 60; each++) {
    const batch = [record(`${each} `.repeat(20), { key: `k${each}` }), record("second")];
    const { first } = await appendTo(log, "x", 0, batch);
    stored.push(...batch.map((one, index) => plain(first + index, one)));
    if (each === 40) await engine.checkpoint();
  }
  await engine.kill();
  await cp(whole, directory, { recursive: true });
});

function lostOf({ damaged }: DirectoryCheck): number[] {
  return damaged.flatMap(({ lost }) =>
    lost.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index)),
  );
}

describe("a directory that is whole", () => {
  it("is found to be so where segments have expired since the last checkpoint", async () => {
    const clock = new ManualClock();
    const engine = await openForTest({ directory, clock, files: unsyncedFiles, segmentBytes: 2_000 });
    const { log } = engine.node("a");
    await log.configure("x", { retentionMs: 1_000, compact: false });
    await engine.checkpoint();
    const before = (await segmentsOf(directory, 1, 0)).length;
    clock.advance(2_000);
    await log.bounds("x");
    await expect.poll(async () => (await segmentsOf(directory, 1, 0)).length).toBeLessThan(before);
    await engine.kill();
    expect(await verifyDirectory(directory)).toMatchObject({ damaged: [], snapshot: [], journal: [] });
  });

  it("is found to be so, and stays as it is", async () => {
    for (const check of [verifyDirectory, repairDirectory]) {
      const found = await check(directory);
      expect(found).toMatchObject({ logs: 1, events: 120, damaged: [], unknownLogs: [], snapshot: [], journal: [] });
      expect(isHealthy(found)).toBe(true);
      expect(await readdir(directory)).not.toContain("damaged");
    }
    const engine = await open();
    expect(plainOf(await readAll(engine.node("a").log, "x", 0))).toEqual(stored);
    await engine.close();
  });
});

describe("a directory with damage", () => {
  it("is repaired, wherever it is: the rest can be read, and offsets that are gone are reported", async () => {
    const segments = await segmentsOf(directory, 1, 0);
    const journal = join(directory, "journal", "0000000000");
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom(...segments, journal),
            fc.nat(9_999).map((where) => where / 10_000),
            fc.constantFrom("flip" as const, "cut" as const, "zero" as const, "missing" as const),
          ),
          { minLength: 1, maxLength: 3 },
        ),
        async (harms) => {
          await rm(directory, { recursive: true });
          await cp(whole, directory, { recursive: true });
          for (const [path, where, how] of harms) {
            const bytes = await readFile(path).catch(() => Buffer.alloc(0));
            const at = Math.floor(bytes.length * where);
            if (how === "flip" && bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ 0x10;
            if (how === "zero") bytes.fill(0, at, Math.min(at + 100, bytes.length));
            // A journal without its end is what a crash leaves.
            if (path === journal && (how === "cut" || how === "missing")) continue;
            if (how === "missing") await rm(path, { force: true });
            else await writeFile(path, how === "cut" ? bytes.subarray(0, at) : bytes);
          }
          const seen = await verifyDirectory(directory);
          const found = await repairDirectory(directory);
          expect(found).toEqual(seen);
          const lost = lostOf(found);
          const again = await verifyDirectory(directory);
          expect(isHealthy(again)).toBe(true);
          const engine = await open();
          const { log } = engine.node("a");
          const [bounds] = await log.bounds("x");
          const kept = plainOf(await readAll(log, "x", 0));
          const expected = stored.filter(({ offset }) => !lost.includes(offset));
          // What comes last in the journal may be taken for what a crash has left.
          expect(kept).toEqual(expected.slice(0, kept.length));
          expect(again.events).toBe(kept.length);
          expect(bounds?.next).toBe((expected.slice(0, kept.length).at(-1)?.offset ?? -1) + 1);
          const { first } = await appendTo(log, "x", 0, [record("next")]);
          expect(first).toBe(bounds?.next);
          await engine.close();
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);

  it("keeps what was damaged beside what is left of it", async () => {
    const [path = ""] = await segmentsOf(directory, 1, 0);
    const bytes = await readFile(path);
    bytes[300] = (bytes[300] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(lostOf(await repairDirectory(directory))).toEqual([4, 5]);
    expect(await readFile(join(directory, "damaged", "1", "0", "0"))).toEqual(bytes);
  });

  it("gives no number of a log again whose files are there and whose name is lost", async () => {
    for (const name of ["snapshot", "journal"]) await rm(join(directory, name), { recursive: true });
    const found = await repairDirectory(directory);
    expect(found).toMatchObject({ logs: 0, unknownLogs: [1] });
    const repaired = await open();
    await repaired.node("a").log.create("y", 1, KEEP);
    expect(await repaired.node("a").log.bounds("y")).toEqual([{ oldest: 0, next: 0 }]);
    expect((await segmentsOf(directory, 1, 0)).length).toBeGreaterThan(2);
    await repaired.close();
  });
});
