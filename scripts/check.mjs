// Everything that can be said about the code without running it. `npm run check -- lint types` does just these.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolders, root } from "./workspace.mjs";

const AT_ONCE = 2;
const bin = (name) => join(root, "node_modules", ".bin", name);
const published = packageFolders().filter((name) => !manifest(name).private);

// Builds under the lock, so that no step sees half a build.
const build = [process.execPath, join("scripts", "prepare.mjs")];

const steps = {
  types: [[bin("tsc"), "-p", "tsconfig.tests.json"]],
  lint: [[bin("oxlint"), "--type-aware", "--deny-warnings"]],
  format: [[bin("oxfmt"), "--check"]],
  unused: [[bin("knip")]],
  packages: [
    build,
    ...published.flatMap((name) => [
      [bin("publint"), "--strict", join("packages", name)],
      [bin("attw"), "--pack", join("packages", name), "--profile", "esm-only", "--format", "ascii"],
    ]),
  ],
  arrows: [[process.execPath, join("scripts", "import-arrows.mjs")]],
  words: [[process.execPath, join("scripts", "words.mjs")]],
  links: [[process.execPath, join("scripts", "links.mjs")]],
  reference: [build, [bin("typedoc")]],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(", ")}; there are: ${Object.keys(steps).join(", ")}.`);
  process.exit(2);
}
const queue = Object.entries(steps).filter(([name]) => wanted.length === 0 || wanted.includes(name));
let failed = 0;
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exit(failed > 0 ? 1 : 0);

async function work() {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, commands] = next;
    const started = performance.now();
    const outputs = [];
    for (const command of commands) outputs.push(await run(command));
    const bad = outputs.filter(({ code }) => code !== 0);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.log(`${name.padEnd(10)} ${bad.length === 0 ? "ok" : "FAILED"} (${seconds} s)`);
    for (const { command, text } of bad) console.log(`  ${command}\n${text}`);
    if (bad.length === 0)
      for (const { text } of outputs) for (const [line] of text.matchAll(/^warning: .*/gm)) console.log(`  ${line}`);
    failed += bad.length;
  }
}

function run([file, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    const done = (code) =>
      resolve({ code, command: [file, ...args].join(" "), text: Buffer.concat(chunks).toString() });
    child.on("error", (error) => done(error.code ?? 1)).on("close", done);
  });
}

function manifest(name) {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
}
