// Runs all rows and prints their ratios. `npm run bench -- raw` runs the rows whose name contains "raw".
import { publishRow } from "./publish.mjs";
import { rawStreamRow } from "./raw-stream.mjs";

const rows = [rawStreamRow, publishRow];
const wanted = process.argv[2] ?? "";
const chosen = rows.filter(({ name }) => name.includes(wanted));
if (chosen.length === 0) {
  console.error(`No row is called ${wanted}; there are: ${rows.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
for (const { name, unit, run } of chosen) {
  const { ours, limit } = await run();
  const ratio = median(ours.map((value, round) => value / (limit[round] ?? value)));
  const show = (values) => `${Math.round(median(values)).toLocaleString("en")} ${unit}`;
  console.log(`${name.padEnd(12)} ours ${show(ours)}   limit ${show(limit)}   ratio ${ratio.toFixed(2)}`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
