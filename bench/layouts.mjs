// Why the directory engine has a journal: the same appends (10 events of 600 bytes), made durable by one journal for all
// partitions or by the segment of each. `node bench/layouts.mjs` prints the table of docs/storage.md.
import { close, fdatasync, ftruncate, open, writev } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const BYTES = 10 * 600;
const JOURNAL_BYTES = 64 * 1024 * 1024;
const MS = Number(process.argv[2] ?? 1_000);
const ROUNDS = 5;
const call = {
  open: promisify(open),
  writev: promisify(writev),
  datasync: promisify(fdatasync),
  truncate: promisify(ftruncate),
  close: promisify(close),
};
const frame = Buffer.alloc(BYTES, "x");

/** Appends to one file: what comes during a sync goes together into the next one. */
class GroupedFile {
  #handle;
  #at = 0;
  #reused;
  #waiting = [];
  #running = false;

  constructor(handle, reused) {
    this.#handle = handle;
    this.#reused = reused;
  }

  append(part) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ part, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run() {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => void setImmediate(resolve));
      const group = this.#waiting.splice(0);
      await call.writev(
        this.#handle,
        group.map(({ part }) => part),
        this.#at,
      );
      await call.datasync(this.#handle);
      this.#at += group.length * BYTES;
      if (this.#reused && this.#at > JOURNAL_BYTES - 1_000 * BYTES) this.#at = 0;
      for (const { resolve } of group) resolve();
    }
    this.#running = false;
  }
}

const directory = await mkdtemp(join(tmpdir(), "nakadi-layouts-"));
let files = 0;
const newFile = () => call.open(join(directory, String(files++)), "w+");

async function measure(appenders, targets) {
  const times = [];
  const until = performance.now() + MS;
  let appends = 0;
  await Promise.all(
    Array.from({ length: appenders }, async (_, appender) => {
      for (let turn = 0; performance.now() < until; turn += 1) {
        const start = performance.now();
        await targets[(appender + turn * 7) % targets.length].append(frame);
        times.push(performance.now() - start);
        appends += 1;
      }
    }),
  );
  times.sort((a, b) => a - b);
  return {
    perSecond: (appends * 1_000) / MS,
    p50: times[times.length >> 1],
    p99: times[Math.floor(times.length * 0.99)],
  };
}

/** The journal of a directory that is in use: its files are there already. */
async function journal() {
  const handle = await newFile();
  for (let at = 0; at < JOURNAL_BYTES; at += 1024 * 1024) await call.writev(handle, [Buffer.alloc(1024 * 1024)], at);
  await call.datasync(handle);
  return { handles: [handle], file: new GroupedFile(handle, true) };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function cell(layout, partitions, appenders) {
  const one = layout === "journal" ? await journal() : undefined;
  const handles = one?.handles ?? (await Promise.all(Array.from({ length: partitions }, newFile)));
  const targets = handles.map((handle) => one?.file ?? new GroupedFile(handle, false));
  const result = await measure(appenders, targets);
  for (const handle of handles) {
    await call.truncate(handle, 0);
    await call.close(handle);
  }
  return result;
}

console.log("| partitions | appenders | journal: events/s (p50, p99 in ms) | segments: events/s (p50, p99 in ms) |");
console.log("|---:|---:|---:|---:|");
for (const partitions of [1, 8, 64]) {
  for (const appenders of [1, 16, 64]) {
    const results = { journal: [], segments: [] };
    for (let round = 0; round < ROUNDS; round += 1)
      for (const layout of ["journal", "segments"]) results[layout].push(await cell(layout, partitions, appenders));
    const cells = Object.values(results).map((all) => {
      const of = (key) => median(all.map((one) => one[key]));
      return `${Math.round(of("perSecond") * 10)} (${of("p50").toFixed(2)}, ${of("p99").toFixed(1)})`;
    });
    console.log(`| ${partitions} | ${appenders} | ${cells.join(" | ")} |`);
  }
}
await rm(directory, { recursive: true });
