/**
 * What the log keeps in memory and open is bounded, whatever was touched before.
 */
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { ALL, KEEP, appendTo, plainOf, readAll, record, texts } from "../../compliance/log-records.ts";
import { NEVER } from "../../compliance/subject.ts";
import { nodeFiles } from "../files.ts";
import type { Files } from "../files.ts";
import { SMALL_LIMITS, openForTest, unsyncedFiles } from "./open-for-test.ts";
import type { OpenForTest } from "./open-for-test.ts";
import { Descriptors } from "./descriptors.ts";

const HOUR_MS = 3_600_000;

let root: string;
const clock = new ManualClock();

beforeEach(async () => {
  root = await folderForTest("segments");
});

function open(directory = root, limits = SMALL_LIMITS): Promise<OpenForTest> {
  return openForTest({ directory, clock, files: unsyncedFiles, ...limits });
}

describe("what is held", () => {
  it("is a bounded number of files, however many are used at the same time", async () => {
    const files = new Set<string>();
    let most = 0;
    const descriptors = new Descriptors(
      {
        ...nodeFiles,
        open: async (path, access) => {
          const file = await nodeFiles.open(path, access);
          files.add(path);
          most = Math.max(most, files.size);
          return Object.assign(Object.create(file) as typeof file, {
            size: () => file.size(),
            close: async () => {
              files.delete(path);
              await file.close();
            },
          });
        },
      },
      5,
    );
    await Promise.all(
      Array.from({ length: 200 }, (_, each) =>
        descriptors.use(join(root, `f${each % 40}`), "create", async (file) => {
          await file.size();
          await new Promise((resolve) => void setImmediate(resolve));
        }),
      ),
    );
    expect(most).toBeLessThanOrEqual(5);
    expect(descriptors.count).toBeLessThanOrEqual(5);
    await descriptors.close();
    expect(files.size).toBe(0);
    expect(descriptors.count).toBe(0);
  });

  it("is a bounded number of partitions, whatever was touched before", async () => {
    const limits = { ...SMALL_LIMITS, idlePartitions: 10 };
    let engine = await open(root, limits);
    let { log } = engine.node("a");
    const ids = Array.from({ length: 40 }, (_, each) => `log ${each}`);
    for (const id of ids) {
      await log.create(id, 2, KEEP);
      for (const partition of [0, 1]) await appendTo(log, id, partition, [record(`${id} ${partition}`)]);
    }
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        ids.map(async (id) => {
          for (const partition of [0, 1])
            expect(texts(await readAll(log, id, partition))).toEqual([`${id} ${partition}`]);
        }),
      );
      if (round === 0) await engine.checkpoint();
      expect(engine.logs.partitions.count).toBeLessThanOrEqual(10);
      if (round === 1) {
        await engine.close();
        engine = await open(root, limits);
        ({ log } = engine.node("a"));
        expect(engine.logs.partitions.count).toBe(0);
      }
    }
    for (const id of ids) expect((await appendTo(log, id, 0, [record("next")])).first).toBe(1);
    await engine.close();
  });

  it("is not needed to know what has expired, when the retention time grows", async () => {
    const engine = await open(root, { ...SMALL_LIMITS, idlePartitions: 0 });
    const { log } = engine.node("a");
    await log.create("x", 1, { retentionMs: HOUR_MS, compact: false });
    await appendTo(log, "x", 0, [record("old")]);
    clock.advance(HOUR_MS / 2);
    await appendTo(log, "x", 0, [record("young")]);
    await engine.checkpoint();
    clock.advance(HOUR_MS / 2);
    expect(texts(await readAll(log, "x", 0))).toEqual(["young"]);
    expect(engine.logs.partitions.count).toBe(0);
    await log.configure("x", KEEP);
    expect(texts(await readAll(log, "x", 0))).toEqual(["young"]);
    await engine.close();
  });

  it("is nothing of an idle log: neither a start nor an end opens or lists its files", async () => {
    let engine = await open();
    const { log } = engine.node("a");
    for (let each = 0; each < 200; each++) {
      await log.create(`log ${each}`, 1, { ...KEEP, compact: each % 2 === 0, retentionMs: HOUR_MS });
      await appendTo(log, `log ${each}`, 0, [record("v")]);
    }
    await engine.close();
    const looked: string[] = [];
    const files: Files = {
      ...unsyncedFiles,
      open: async (path, access) => {
        looked.push(path);
        return unsyncedFiles.open(path, access);
      },
      list: async (path) => {
        looked.push(path);
        return unsyncedFiles.list(path);
      },
    };
    engine = await openForTest({ directory: root, clock, files, ...SMALL_LIMITS });
    expect(texts(await readAll(engine.node("a").log, "log 7", 0))).toEqual(["v"]);
    await engine.close();
    const folders = new Set(looked.flatMap((path) => /\/logs\/\d+/.exec(path) ?? []));
    expect(folders).toEqual(new Set(["/logs/8"]));
  });

  it("is one mark for a quarter of a MiB of events, and nothing of what was written", async () => {
    const engine = await open(root, { ...SMALL_LIMITS, segmentBytes: 32_000_000, unwrittenBytes: 1_000_000 });
    const { log } = engine.node("a");
    await log.create("x", 1, KEEP);
    const batch = Array.from({ length: 100 }, () => record("v".repeat(600)));
    for (let each = 0; each < 200; each++) await appendTo(log, "x", 0, batch);
    await engine.checkpoint();
    expect(engine.logs.partitions.unwrittenBytes).toBe(0);
    const { storedBytes, marks } = await engine.logs.partitions.use(1, 0, (partition) => partition);
    expect(storedBytes).toBeGreaterThan(12_000_000);
    expect(marks).toBeLessThan(storedBytes / (256 * 1024) + 2);
    expect(marks).toBeGreaterThan(20);
    for (const from of [0, 7_777, 19_999]) {
      const { frames } = await log.read("x", 0, from, { bytes: 1, records: 1 }, NEVER);
      expect(frames[0]?.offsets).toEqual([from]);
    }
    expect(plainOf(await log.read("x", 0, 0, ALL, NEVER))).toHaveLength(20_000);
    await engine.close();
  });

  it("is what a reader goes on in: nothing is read from disk twice, however few records a read asks for", async () => {
    let bytesRead = 0;
    const files: Files = {
      ...unsyncedFiles,
      open: async (path, access) => {
        const file = await unsyncedFiles.open(path, access);
        const { read } = file;
        file.read = async (buffer, position) => {
          const count = await read.call(file, buffer, position);
          bytesRead += count;
          return count;
        };
        return file;
      },
    };
    const engine = await openForTest({ directory: root, clock, files });
    const { log } = engine.node("a");
    await log.create("x", 1, KEEP);
    const batch = Array.from({ length: 1_000 }, () => record("v".repeat(600)));
    for (let each = 0; each < 10; each++) await appendTo(log, "x", 0, batch);
    await engine.checkpoint();
    const { storedBytes } = await engine.logs.partitions.use(1, 0, (partition) => partition);
    bytesRead = 0;
    let events = 0;
    for (let next = 0; next < 10_000;) {
      const slice = await log.read("x", 0, next, { bytes: 1_000_000, records: 70 }, NEVER);
      events += plainOf(slice).length;
      ({ next } = slice);
    }
    expect(events).toBe(10_000);
    // A frame that the end of a read cuts is read whole by the next one.
    expect(bytesRead).toBeLessThan(2 * storedBytes);
    await engine.close();
  });
});
