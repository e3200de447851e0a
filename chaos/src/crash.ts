/** `npm run crash -- --kills 200 --seed S`, or `--power 1000`. Exit code 0: nothing was found; 1: something was; 2: usage. */
import { parseArgs } from "node:util";
import { FAULT_POINTS } from "nakadi-broker";
import { crashRun } from "./crash/run.ts";
import { CRASH_PLANTS } from "./plants/crash-plants.ts";
import { Progress, say, wholeNumberOf } from "./command.ts";

/** The power is cut in the middle of the n-th call to the disk. */
const DISK_CALLS = ["disk call"];
/** The plant of `--power`: a disk that acknowledges each sync and does none. */
const NO_SYNC = "no-sync";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    power: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    plant: { type: "string" },
  },
});
const power = values.power !== undefined;
const kills = wholeNumberOf(power ? "--power" : "--kills", values.power ?? values.kills);
const seed = wholeNumberOf("--seed", values.seed);
const plants = power ? [NO_SYNC] : CRASH_PLANTS.map(({ name }) => name);
if (values.plant !== undefined && !plants.includes(values.plant)) {
  console.error(`There is no plant ${values.plant}; there are: ${plants.join(", ")}.`);
  process.exit(2);
}
const progress = new Progress(power ? "cuts" : "kills", kills);
const result = await crashRun({
  kills,
  seed,
  faultPoints: power ? DISK_CALLS : FAULT_POINTS,
  plant: CRASH_PLANTS.find(({ name }) => name === values.plant),
  power: power ? { syncs: values.plant !== NO_SYNC } : undefined,
  progress: (done) => progress.show(done),
});
progress.end();
const where = [...result.kills].map(([name, count]) => `${count} at ${name}`).join(", ");
say(
  `${kills} ${power ? "power cuts" : "kills"} (${where}) hit ${result.hits.streams} open streams and ${result.hits.requests} requests under way.`,
);
say(`${result.events} events stored, ${result.lines} lines of history.`);
for (const { rule, seq, what } of result.violations.slice(0, 20)) say(`${rule} (line ${seq}): ${what}`);
const clean = result.violations.length === 0;
say(
  `${clean ? "Nothing was found." : `${result.violations.length} violations; history: ${result.history}`} Seed ${seed}.`,
);
process.exitCode = clean ? 0 : 1;
