/**
 * `npm run soak -- --requests N --seed S`: a broker of its own in a process of its own, and any number of any requests.
 * Ends with 1 and the requests at fault if an answer was none that a broker may give, or if the broker has grown or died.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { barrage } from "./requests/barrage.ts";

/** The broker's JavaScript may not take more: what grows runs into it, long before a million requests are over. */
const MAX_HEAP_MEGABYTES = 400;
/** Number of requests after which a line of progress is printed. */
const PROGRESS = 10_000;

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now()) },
    data: { type: "string" },
  },
});
const requests = wholeNumber("requests", values.requests);
const seed = wholeNumber("seed", values.seed);

const command = fileURLToPath(new URL("../../packages/cli/bin/nakadi.js", import.meta.url));
const storage = values.data === undefined ? ["--memory"] : ["--data", values.data];
const broker = spawn(
  process.execPath,
  [
    `--max-old-space-size=${MAX_HEAP_MEGABYTES}`,
    command,
    "broker",
    "--port",
    "0",
    "--end-with-stdin",
    "--limit",
    "maxCommitTimeoutSeconds=1",
    ...storage,
  ],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const exit = once(broker, "exit") as Promise<[code: number | null, signal: string | null]>;
const [line = ""] = (await once(createInterface(broker.stdout), "line")) as string[];
const url = /http:\S+/.exec(line)?.[0] ?? "";

console.log(`${requests} requests, seed ${seed}: ${line}`);
const startedMs = performance.now();
const { sent, statuses, faults } = await barrage({
  url,
  requests,
  seed,
  onRound(done, { length }) {
    if (done % PROGRESS > 0 && done < requests) return;
    const perSecond = Math.round((done * 1_000) / (performance.now() - startedMs));
    console.log(`${done} sent, ${length} faults, ${perSecond} a second`);
  },
});
const diedEarly = broker.exitCode !== null || broker.signalCode !== null;
broker.stdin.end();
const [code, signal] = await exit;

const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
console.log(`${sent} sent; ${counts.join(", ")}`);
for (const fault of faults) console.log(`\n${fault}`);
if (diedEarly || code !== 0) console.log(`\nThe broker ended ${diedEarly ? "early " : ""}with ${code ?? signal}.`);
process.exitCode = faults.length > 0 || diedEarly || code !== 0 ? 1 : 0;

function wholeNumber(name: string, text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  console.error(`--${name} takes a whole number, not ${text}.`);
  process.exit(2);
}
