/**
 * Retention takes only what was old when it looked, whatever is appended while it reads.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { expect, it, onTestFinished } from "vitest";
import { appendTo, readAll, record, texts } from "../../compliance/log-records.ts";
import type { Files } from "../files.ts";
import { openForTest, unsyncedFiles } from "./open-for-test.ts";

const HOUR_MS = 3_600_000;

it("a record that is appended while retention reads what is old stays", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nakadi-retention-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const clock = new ManualClock();
  const gate = new ReadGate();
  const open = (): ReturnType<typeof openForTest> => openForTest({ directory, clock, files: gate.files });
  let engine = await open();
  let { log } = engine.node("a");
  await log.create("x", 1, { retentionMs: HOUR_MS, compact: false });
  await appendTo(log, "x", 0, [record("old")]);
  await engine.close();
  engine = await open();
  onTestFinished(() => engine.close());
  ({ log } = engine.node("a"));
  await log.bounds("x");
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
