/**
 * Segments give back what was written after any restart.
 */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { KEEP, anyRecord, appendTo, plain, plainOf, readAll, record } from "../../compliance/log-records.ts";
import type { Plain } from "../../compliance/log-records.ts";
import { eventually } from "../../compliance/subject.ts";
import { nodeFiles } from "../files.ts";
import { SMALL_LIMITS, openForTest, segmentsOf, unsyncedFiles } from "./open-for-test.ts";
import type { OpenForTest } from "./open-for-test.ts";
import { sweep } from "./sweep.ts";

const HOUR_MS = 3_600_000;

let root: string;
const clock = new ManualClock();

beforeEach(async () => {
  root = await folderForTest("segments");
});

function open(directory = root, limits = SMALL_LIMITS): Promise<OpenForTest> {
  return openForTest({ directory, clock, files: unsyncedFiles, ...limits });
}

const anyBatch = fc.array(anyRecord, { minLength: 1, maxLength: 30 });
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("append" as const), partition: fc.nat(1), batch: anyBatch }) },
  fc.record({ kind: fc.constantFrom("checkpoint" as const, "kill" as const, "close" as const) }),
);

describe("the log in a directory", () => {
  it("is the same after any checkpoints, kills and closes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
        const directory = await mkdtemp(join(root, "run-"));
        let engine = await open(directory);
        let { log } = engine.node("a");
        await log.create("x", 2, KEEP);
        const stored: Plain[][] = [[], []];
        for (const step of steps) {
          if (step.kind === "append") {
            const { first } = await appendTo(log, "x", step.partition, step.batch);
            stored[step.partition]?.push(...step.batch.map((each, index) => plain(first + index, each)));
          } else if (step.kind === "checkpoint") await engine.checkpoint();
          else {
            await engine[step.kind]();
            engine = await open(directory);
            ({ log } = engine.node("a"));
          }
          for (const [partition, expected] of stored.entries()) {
            expect(plainOf(await readAll(log, "x", partition))).toEqual(expected);
            const from = Math.floor(expected.length / 2);
            expect(plainOf(await readAll(log, "x", partition, from))).toEqual(expected.slice(from));
          }
        }
        await engine.close();
      }),
      { numRuns: 40 },
    );
  });

  it("counts no byte twice where a log is removed while others are written", async () => {
    const engine = await open();
    const { log } = engine.node("a");
    await log.create("kept", 1, KEEP);
    await log.create("gone", 1, KEEP);
    for (const id of ["kept", "gone"]) await appendTo(log, id, 0, [record("v".repeat(900))]);
    const { partitions } = engine.logs;
    await Promise.all([partitions.flush(engine.journal.durable), partitions.forget(2)]);
    expect(partitions.unwrittenBytes).toBe(0);
    await engine.close();
  });

  it("writes nothing again to the journal's files for what a checkpoint has brought to segments", async () => {
    let engine = await open();
    const { log } = engine.node("a");
    await log.create("x", 1, KEEP);
    for (let each = 0; each < 50; each++) await appendTo(log, "x", 0, [record("v".repeat(100))]);
    await engine.close();
    engine = await open();
    expect(engine.logs.partitions.unwrittenBytes).toBe(0);
    expect(engine.logs.partitions.openFiles).toBe(0);
    expect(plainOf(await readAll(engine.node("a").log, "x", 0))).toHaveLength(50);
    await engine.close();
  });

  it("finds its place by time after a restart", async () => {
    let engine = await open();
    let { log } = engine.node("a");
    await log.create("x", 1, KEEP);
    const times: number[] = [];
    for (let each = 0; each < 100; each++) {
      times.push((await appendTo(log, "x", 0, [record("v".repeat(100))])).timestampMs);
      clock.advance(each % 3);
    }
    for (const how of ["kill", "close"] as const) {
      await engine[how]();
      engine = await open();
      ({ log } = engine.node("a"));
      for (const timeMs of times) expect(await log.offsetAt("x", 0, timeMs)).toBe(times.indexOf(timeMs));
    }
    await engine.close();
  });

  it("gives the space of what retention took back, and keeps its offsets", async () => {
    let engine = await open();
    let { log } = engine.node("a");
    await log.create("x", 1, { retentionMs: HOUR_MS, compact: false });
    for (let each = 0; each < 60; each++) await appendTo(log, "x", 0, [record("v".repeat(100))]);
    await engine.checkpoint();
    expect((await segmentsOf(root, 1, 0)).length).toBeGreaterThan(3);
    clock.advance(HOUR_MS / 2);
    await appendTo(log, "x", 0, [record("young")]);
    clock.advance(HOUR_MS / 2);
    expect(await log.bounds("x")).toEqual([{ oldest: 60, next: 61 }]);
    await eventually(clock, async () => (await segmentsOf(root, 1, 0)).length <= 1);
    for (const how of ["kill", "close"] as const) {
      await engine[how]();
      engine = await open();
      ({ log } = engine.node("a"));
      expect(await log.bounds("x")).toEqual([{ oldest: 60, next: 61 }]);
      expect(plainOf(await readAll(log, "x", 0))).toEqual([plain(60, record("young"))]);
    }
    clock.advance(HOUR_MS);
    expect(await log.bounds("x")).toEqual([{ oldest: 61, next: 61 }]);
    await engine.checkpoint();
    await log.bounds("x");
    await eventually(clock, async () => (await segmentsOf(root, 1, 0)).length === 0);
    await engine.kill();
    engine = await open();
    expect(await appendTo(engine.node("a").log, "x", 0, [record("next")])).toMatchObject({ first: 61 });
    await engine.close();
  });

  it("gives the space of what is too much back, also of a log that is only appended to", async () => {
    let engine = await open();
    let { log } = engine.node("a");
    await log.create("x", 1, { ...KEEP, retentionBytes: 5_000 });
    const files = async (): Promise<number> => (await segmentsOf(root, 1, 0)).length;
    for (let each = 0; each < 300; each++) await appendTo(log, "x", 0, [record("v".repeat(100))]);
    await engine.checkpoint();
    await engine.kill();
    engine = await open();
    ({ log } = engine.node("a"));
    const before = await files();
    await sweep(engine.logs);
    await eventually(clock, async () => (await files()) <= 5);
    expect(before).toBeGreaterThan(10);
    expect(await files()).toBeGreaterThanOrEqual(3);
    const [bounds] = await log.bounds("x");
    expect(bounds).toMatchObject({ next: 300 });
    for (const how of ["kill", "close"] as const) {
      await engine[how]();
      engine = await open();
      ({ log } = engine.node("a"));
      expect(await log.bounds("x")).toEqual([bounds]);
      expect(plainOf(await readAll(log, "x", 0))[0]).toEqual(plain(bounds?.oldest ?? NaN, record("v".repeat(100))));
    }
    await engine.close();
  });

  it("leaves nothing of a log that was removed, whenever it ends", async () => {
    for (const how of ["kill", "close"] as const) {
      let engine = await open();
      let { log } = engine.node("a");
      await log.create("x", 2, KEEP);
      for (let each = 0; each < 30; each++) await appendTo(log, "x", each % 2, [record("v".repeat(200))]);
      await engine.checkpoint();
      await appendTo(log, "x", 0, [record("journal only")]);
      await log.remove("x");
      await engine[how]();
      engine = await open();
      ({ log } = engine.node("a"));
      await log.create("x", 1, KEEP);
      expect(await log.bounds("x")).toEqual([{ oldest: 0, next: 0 }]);
      await eventually(
        clock,
        async () =>
          (await nodeFiles.list(join(root, "trash"))).length + (await nodeFiles.list(join(root, "logs"))).length === 0,
      );
      expect(engine.logs.partitions.unwrittenBytes).toBe(0);
      await log.remove("x");
      await engine.close();
    }
  });
});
