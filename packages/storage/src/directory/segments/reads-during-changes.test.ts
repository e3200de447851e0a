/**
 * Reads and searches of a partition while records are appended, frames move to segments, and the log is removed.
 */
import { ManualClock } from "nakadi-protocol";
import { expect, it, onTestFinished } from "vitest";
import { folderForTest } from "../folder-for-test.ts";
import { ALL, appendTo, readAll, record, texts } from "../../compliance/log-records.ts";
import { NEVER } from "../../compliance/subject.ts";
import { NoSuchLogError } from "../../ports.ts";
import type { Files } from "../files.ts";
import { openForTest, segmentsOf, unsyncedFiles } from "./open-for-test.ts";
import type { OpenForTest } from "./open-for-test.ts";

const HOUR_MS = 3_600_000;

async function opened(): Promise<{ clock: ManualClock; gate: ReadGate; engine: OpenForTest; directory: string }> {
  const directory = await folderForTest("reads");
  const clock = new ManualClock();
  const gate = new ReadGate();
  const open = (): Promise<OpenForTest> => openForTest({ directory, clock, files: gate.files, segmentBytes: 1 });
  const before = await open();
  const { log } = before.node("a");
  await log.create("x", 1, { retentionMs: HOUR_MS, compact: false });
  await appendTo(log, "x", 0, [record("old")]);
  await before.close();
  const engine = await open();
  onTestFinished(() => engine.close());
  return { clock, gate, engine, directory };
}

it("a record that is appended while retention reads what is old stays", async () => {
  const { clock, gate, engine } = await opened();
  const { log } = engine.node("a");
  clock.advance(HOUR_MS);
  gate.close();
  const bounds = log.bounds("x");
  await gate.reached;
  clock.advance(1);
  await appendTo(log, "x", 0, [record("young")]);
  gate.open();
  expect(await bounds).toEqual([{ oldest: 1, next: 2 }]);
  expect(texts(await readAll(log, "x", 0))).toEqual(["young"]);
});

it("a record that is written to a segment while retention reads what is old stays", async () => {
  const { clock, gate, engine, directory } = await opened();
  const { log } = engine.node("a");
  clock.advance(HOUR_MS / 2);
  await appendTo(log, "x", 0, [record("young")]);
  clock.advance(HOUR_MS / 2);
  gate.close();
  const bounds = log.bounds("x");
  await gate.reached;
  const checkpoint = engine.checkpoint();
  await expect.poll(() => segmentsOf(directory, 1, 0)).toHaveLength(2);
  gate.open();
  expect(await bounds).toEqual([{ oldest: 1, next: 2 }]);
  expect(texts(await readAll(log, "x", 0))).toEqual(["young"]);
  await checkpoint;
});

it("a read ends when the log is removed during it", async () => {
  const { gate, engine } = await opened();
  const { log } = engine.node("a");
  await appendTo(log, "x", 0, [record("in the journal only")]);
  gate.close();
  const reading = log.read("x", 0, 0, ALL, NEVER);
  await gate.reached;
  await log.remove("x");
  await expect.poll(() => engine.logs.partitions.numbers).toEqual([]);
  gate.open();
  expect((await reading).frames.length).toBeLessThanOrEqual(1);
  await expect(log.read("x", 0, 0, ALL, NEVER)).rejects.toThrow(NoSuchLogError);
});

/** Holds reads of segments. */
class ReadGate {
  #opened = Promise.resolve();
  #open: () => void = () => undefined;
  #reach: () => void = () => undefined;
  reached = Promise.resolve();

  readonly files: Files = {
    ...unsyncedFiles,
    open: async (path, access) => {
      const file = await unsyncedFiles.open(path, access);
      const read = file.read.bind(file);
      if (path.includes("/logs/"))
        file.read = async (buffer, position) => {
          this.#reach();
          await this.#opened;
          return read(buffer, position);
        };
      return file;
    },
  };

  close(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    this.reached = new Promise((resolve) => (this.#reach = resolve));
  }

  open(): void {
    this.#open();
  }
}
