#!/usr/bin/env node
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pretty } from "./format.mjs";
import { bodyOf, send } from "./http.mjs";
import { play } from "./play.mjs";

const USAGE = `Usage:
  run.mjs check  BASE_URL FILE|DIR...   compare a server's answers with the recorded ones
  run.mjs record BASE_URL FILE|DIR...   write a server's answers into the scenario files

  --only PATTERN   just the scenarios whose file path matches this regular expression
  --with NEED,...  what the server is set up for (scenarios that need anything else are skipped)
  --jobs N         scenarios at a time (default 1)
  --json           one JSON document instead of lines

Exit code: 0 all passed, 1 some failed, 2 the server cannot be reached or the call is wrong.`;

function options(args) {
  const found = { paths: [], only: /(?:)/, with: [], jobs: 1, json: false };
  while (args.length > 0) {
    const arg = args.shift();
    if (arg === "--json") found.json = true;
    else if (arg === "--help") help();
    else if (arg === "--only") found.only = pattern(args.shift() ?? "");
    else if (arg === "--with") found.with = (args.shift() ?? "").split(",");
    else if (arg === "--jobs") found.jobs = Math.max(1, Number(args.shift()) || 1);
    else if (arg.startsWith("--")) quit(`Unknown option ${arg}.\n\n${USAGE}`);
    else found.paths.push(arg);
  }
  const [mode, baseUrl, ...paths] = found.paths;
  if (!["check", "record"].includes(mode) || !baseUrl || paths.length === 0) quit(USAGE);
  if (!/^https?:\/\//.test(baseUrl)) quit(`BASE_URL must start with http:// or https://, not "${baseUrl}".`);
  return { ...found, mode, baseUrl, paths };
}

function pattern(text) {
  try {
    return new RegExp(text);
  } catch (error) {
    return quit(`--only: ${error.message}`);
  }
}

function help() {
  console.log(USAGE);
  process.exit(0);
}

function quit(message) {
  console.error(message);
  process.exit(2);
}

async function scenarioFiles(path) {
  const kind = await stat(path).catch(() => quit(`There is no file or folder "${path}".`));
  if (kind.isFile()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => join(path, name));
}

async function reach(baseUrl) {
  try {
    await bodyOf(await send(baseUrl, { method: "GET", path: "/health" }, 15_000), 15_000);
  } catch (error) {
    quit(`No server answers at ${baseUrl}: ${error.message || error.code}. Is it running, and is this its address?`);
  }
}

async function runOne(file, { mode, baseUrl, with: present }) {
  const started = Date.now();
  const outcome = { file, result: "passed" };
  try {
    const scenario = JSON.parse(await readFile(file, "utf8"));
    const missing = (scenario.needs ?? []).filter((need) => !present.includes(need));
    if (missing.length > 0) return { file, result: "skipped", why: `needs ${missing.join(", ")}` };
    await play(scenario, baseUrl, mode === "record");
    if (mode === "record") await writeFile(file, pretty(scenario) + "\n");
  } catch (error) {
    outcome.result = "failed";
    outcome.step = error.step;
    outcome.problems = error.problems ?? [
      { at: error.step ? "exchange" : "file", expected: "no error", got: error.message || error.code },
    ];
  }
  return { ...outcome, seconds: Math.round((Date.now() - started) / 100) / 10 };
}

function tell({ file, result, why, step, problems = [], seconds }) {
  const mark = { passed: "pass", failed: "FAIL", skipped: "skip" }[result];
  console.log(`${mark}  ${file}  ${why ?? `(${seconds} s)`}`);
  if (result !== "failed") return;
  if (step) console.log(`      step ${step}`);
  for (const { at, expected, got } of problems) {
    console.log(`        ${at}\n          expected  ${short(expected)}\n          got       ${short(got)}`);
  }
}

function short(value) {
  if (value === undefined) return "(nothing)";
  const text = JSON.stringify(value);
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
}

const chosen = options(process.argv.slice(2));
const files = (await Promise.all(chosen.paths.map(scenarioFiles))).flat().filter((file) => chosen.only.test(file));
if (files.length === 0) quit("No scenario file matches.");
await reach(chosen.baseUrl);

const outcomes = [];
const queue = [...files];
async function work() {
  while (queue.length > 0) {
    const outcome = await runOne(queue.shift(), chosen);
    outcomes.push(outcome);
    if (!chosen.json) tell(outcome);
  }
}
await Promise.all(Array.from({ length: chosen.jobs }, work));

const count = (result) => outcomes.filter((outcome) => outcome.result === result).length;
const totals = { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
if (chosen.json) console.log(JSON.stringify({ ...totals, scenarios: outcomes }, null, 2));
else console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);
