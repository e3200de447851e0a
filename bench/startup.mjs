// How much later than a bare `node -e 0` the command is ready, in turns; and how much memory a broker takes that idles.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROUNDS = 9;
const IDLE_ROUNDS = 3;
const IDLE_MS = 3_000;
const NAKADI = fileURLToPath(new URL("../packages/cli/bin/nakadi.js", import.meta.url));
const BARE = ["-e", "0"];
const BARE_IDLING = ["-e", "console.log(0); setTimeout(() => undefined, 60_000)"];
const BROKER = [NAKADI, "broker", "--port", "0"];

export const startupRows = [
  { name: "startup help", run: () => inTurns(() => msToEnd([NAKADI, "--help"])) },
  { name: "startup memory", run: () => inTurns(() => msToReady(BROKER)) },
  { name: "startup disk", run: () => inTurns(() => inNewFolder((data) => msToReady([...BROKER, "--data", data]))) },
].map((row) => ({ ...row, unit: "ms", compare: "difference" }));

export const idleRow = {
  name: "idle memory",
  unit: "MiB",
  compare: "difference",
  async run() {
    const results = { ours: [], limit: [] };
    for (let round = 0; round < IDLE_ROUNDS; round += 1) {
      results.ours.push(await mebibytesWhenIdle(BROKER));
      results.limit.push(await mebibytesWhenIdle(BARE_IDLING));
    }
    return results;
  },
};

async function inTurns(measure) {
  const results = { ours: [], limit: [] };
  await measure();
  for (let round = 0; round < ROUNDS; round += 1) {
    results.limit.push(await msToEnd(BARE));
    results.ours.push(await measure());
  }
  return results;
}

async function inNewFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "nakadi-bench-"));
  try {
    return await work(join(folder, "data"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function msToEnd(args) {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`);
  return performance.now() - started;
}

async function msToReady(args) {
  const started = performance.now();
  return whileReady(args, () => performance.now() - started);
}

async function mebibytesWhenIdle(args) {
  return whileReady(args, async ({ pid }) => {
    await pause(IDLE_MS);
    return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)])) / 1024;
  });
}

/** Calls `work` when the first line comes, and ends the process. */
async function whileReady(args, work) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  await Promise.race([once(child.stdout, "data"), ended]);
  if (child.exitCode !== null) throw new Error(`node ${args.join(" ")} ended with ${child.exitCode}`);
  try {
    return await work(child);
  } finally {
    child.kill();
    await ended;
  }
}
