// Runs all rows and prints their ratios. `npm run bench -- raw` runs the rows whose name contains "raw".
import { agedRows } from "./aged.mjs";
import { backlogRow } from "./backlog.mjs";
import { durablePublishRows } from "./durable-publish.mjs";
import { fsyncRow } from "./fsync.mjs";
import { loopRows } from "./loop.mjs";
import { publishRow } from "./publish.mjs";
import { publisherRow } from "./publisher.mjs";
import { rawStreamRow } from "./raw-stream.mjs";
import { restartRow } from "./restart.mjs";
import { idleRow, startupRows } from "./startup.mjs";

const rows = [
  rawStreamRow,
  ...loopRows,
  publishRow,
  publisherRow,
  ...durablePublishRows,
  fsyncRow,
  backlogRow,
  ...agedRows,
  restartRow,
  ...startupRows,
  idleRow,
];
const wanted = process.argv[2] ?? "";
const chosen = rows.filter(({ name }) => name.includes(wanted));
if (chosen.length === 0) {
  console.error(`No row is called ${wanted}; there are: ${rows.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
for (const { name, unit, run, compare = "ratio" } of chosen) {
  const { ours, limit } = await run();
  const pairs = ours.map((value, round) => [value, limit[round]]);
  const show = (values) => `${Math.round(median(values)).toLocaleString("en")} ${unit}`;
  const compared = {
    ratio: () => median(pairs.map(([value, bare]) => value / bare)).toFixed(2),
    difference: () => show(pairs.map(([value, bare]) => value - bare)),
  }[compare]();
  console.log(`${name.padEnd(14)} ours ${show(ours)}   limit ${show(limit)}   ${compare} ${compared}`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
