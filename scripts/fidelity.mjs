// What docs/fidelity.json promises: each rule of the protocol that we follow names the test that proves it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.mjs";

const TEST_FILE = /^(?:packages\/\w+\/(?:src|test)|tests|chaos\/test|scripts)\/[\w./-]+\.test\.(?:ts|mjs)$/;
const SECTION = /^[0-9]+(?:\.[0-9]+)*$/;
const KINDS = ["test", "recording", "differs"];

/** The recordings of a real server, relative to the root. */
const RECORDINGS = "tests/golden/recordings";
/** Each recording is a test of its own, once on each engine. */
const RECORDING_TESTS = "tests/golden/golden.test.ts";

export function readFidelity() {
  return readFileSync(join(root, "docs", "fidelity.json"), "utf8");
}

/** `path > names`, as the test runner writes it. */
function placeOf(test) {
  const at = test.indexOf(" > ");
  return at < 0 ? { file: test, name: "" } : { file: test.slice(0, at), name: test.slice(at + 3) };
}

/** What is wrong with the file as it is written; nothing runs. */
export function faultsOf(text, exists = (path) => existsSync(join(root, path))) {
  const entries = JSON.parse(text);
  const faults = [];
  // One entry a line, in order: two added entries do not conflict.
  const lines = entries.map((entry) => `  ${lineOf(entry)}`);
  if (text !== `[\n${lines.join(",\n")}\n]\n`) faults.push('it is not one `{ "section", … }` a line');
  const seen = new Set();
  for (const [index, entry] of entries.entries()) {
    const { section, rule } = entry;
    const where = `entry ${index + 1} (${section}, ${rule})`;
    const kinds = Object.keys(entry).slice(2);
    if (!SECTION.test(section) || typeof rule !== "string" || rule === "") faults.push(`${where}: no section or rule`);
    if (kinds.length !== 1 || !KINDS.includes(kinds[0])) {
      faults.push(`${where}: it takes one of ${KINDS.join(", ")} after section and rule`);
      continue;
    }
    if (seen.has(`${section} ${rule}`)) faults.push(`${where}: it is there twice`);
    seen.add(`${section} ${rule}`);
    if (index > 0 && compareSections(entries[index - 1].section, section) > 0) faults.push(`${where}: out of order`);
    if (entry.test !== undefined) {
      const { file, name } = placeOf(entry.test);
      if (!TEST_FILE.test(file) || name === "" || !exists(file))
        faults.push(`${where}: there is no test ${entry.test}`);
    }
    if (entry.recording !== undefined && !exists(`${RECORDINGS}/${entry.recording}.json`))
      faults.push(`${where}: there is no recording ${entry.recording}`);
  }
  return faults;
}

function lineOf(entry) {
  return `{ ${Object.entries(entry)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
}

function compareSections(a, b) {
  const [left, right] = [a, b].map((section) => section.split(".").map(Number));
  const at = left.findIndex((number, index) => number !== right[index]);
  if (at < 0) return left.length - right.length;
  return left[at] - (right[at] ?? -1);
}

/**
 * Which rules no test stands for in a run. `modules`: for each file that was run as a whole, the names of the tests that
 * ran, skipped ones not among them. Other files were not asked for.
 */
export function unproven(entries, modules) {
  const missing = [];
  for (const { section, rule, test, recording } of entries) {
    const { file, name } = test === undefined ? { file: RECORDING_TESTS, name: recording } : placeOf(test);
    const ran = modules.get(file);
    if (ran === undefined || name === undefined) continue;
    if (test === undefined ? !ran.some((one) => one.endsWith(` > ${name}`)) : !ran.includes(name))
      missing.push(`${section} ${rule}: ${test ?? `recording ${recording}`} did not run`);
  }
  return missing;
}
