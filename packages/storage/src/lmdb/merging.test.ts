/** Small rows are merged in the background, and nobody who reads can tell. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { expect, it, onTestFinished } from "vitest";
import { appendTo, KEEP, plain, plainOf, readAll, record } from "../compliance/log-records.ts";
import type { Plain } from "../compliance/log-records.ts";
import { NEVER } from "../compliance/subject.ts";
import type { LogPort } from "../ports.ts";
import { LmdbEngine } from "./engine.ts";
import { frameKey } from "./keys.ts";
import type { Store } from "./store.ts";

const HOUR_MS = 3_600_000;

async function newDirectory(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-merging-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "data");
}

async function opened(directory: string, clock = new ManualClock()) {
  let stored: Store | undefined;
  const engine = await LmdbEngine.open({ directory, clock, wrapStore: (store) => (stored = store) });
  onTestFinished(() => engine.close());
  const rows = (): number => [...(stored?.keys("frames", frameKey(1, 0, 0), frameKey(9, 0, 0), 1e6) ?? [])].length;
  return { engine, clock, rows, log: engine.node("a").log };
}

/** Appends one by one, many at the same time. */
async function appendEach(log: LogPort, count: number, all: Plain[] = []): Promise<Plain[]> {
  const batch = Array.from({ length: count }, (_, index) => record(`event ${all.length + index}`));
  const places = await Promise.all(batch.map((each) => appendTo(log, "x", 0, [each])));
  return [...all, ...batch.map((each, index) => plain(places[index]?.first ?? NaN, each))];
}

/** Waits until what is written behind the last append is there, for as long as a turn changes something. */
async function settled(rows: () => number, below: number): Promise<void> {
  while (rows() >= below) await new Promise((resolve) => void setTimeout(resolve, 1));
}

it("events that came one by one take few rows, and are read as they were, before and after a restart", async () => {
  const directory = await newDirectory();
  const first = await opened(directory);
  await first.log.create("x", 1, KEEP);
  let all = await appendEach(first.log, 300);
  await settled(first.rows, 60);
  all = await appendEach(first.log, 40, all);
  expect(plainOf(await readAll(first.log, "x", 0))).toEqual(all);
  await first.engine.close();

  const again = await opened(directory);
  all = await appendEach(again.log, 200, all);
  await settled(again.rows, 200);
  for (const from of [0, 1, 127, 128, 200, 299, 300, 339, 340, 500]) {
    const slice = await again.log.read("x", 0, from, { bytes: 1e6, records: 150 }, NEVER);
    expect(plainOf(slice)).toEqual(all.slice(from, from + 150));
    expect(slice.next).toBe(Math.min(from + 150, all.length));
  }
  expect(plainOf(await readAll(again.log, "x", 0))).toEqual(all);
});

it("each event keeps its time, and goes with it", async () => {
  const { log, clock, rows } = await opened(await newDirectory());
  await log.create("x", 1, { retentionMs: HOUR_MS, compact: false });
  const startMs = clock.wallMs();
  let all = await appendEach(log, 100);
  clock.advance(1_000);
  all = await appendEach(log, 100, all);
  await settled(rows, 100);
  expect(await log.offsetAt("x", 0, startMs)).toBe(0);
  expect(await log.offsetAt("x", 0, startMs + 1)).toBe(100);
  expect(await log.offsetAt("x", 0, startMs + 1_001)).toBe(200);
  const { frames } = await readAll(log, "x", 0);
  expect(frames.filter(({ timestampMs }) => timestampMs === startMs)).toHaveLength(100);

  clock.advance(HOUR_MS / 2);
  all = await appendEach(log, 200, all);
  clock.advance(HOUR_MS / 2 + 1);
  const oldest = (await log.bounds("x"))[0]?.oldest ?? NaN;
  expect(oldest).toBeGreaterThan(100);
  expect(oldest).toBeLessThanOrEqual(200);
  expect(plainOf(await readAll(log, "x", 0))).toEqual(all.slice(oldest));
  clock.advance(HOUR_MS);
  while ((await log.bounds("x"))[0]?.oldest !== 400) await new Promise((resolve) => void setTimeout(resolve, 1));
  await settled(rows, 1);
  expect(await log.bounds("x")).toEqual([{ oldest: 400, next: 400 }]);
});
