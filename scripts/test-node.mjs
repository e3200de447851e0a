// Tests under another Node: `npm run test:node -- 24` runs a smoke set, `npm run test:node -- 24 tests/stories` what it names, and
// `npm run test:node -- 24 --all` everything. The binary is the npm package `node`, kept in node_modules/.nakadi; the exit code is 3
// if it cannot be fetched.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { CommandFailed, command } from "./prepare/command.mjs";
import { root } from "./workspace.mjs";

/** The engines with their native parts, the protocol's pure parts, a consumer from end to end, and the packed packages. */
const SMOKE = [
  "packages/protocol",
  "packages/broker/test/restart.test.ts",
  "tests/stories/consumer.test.ts",
  "tests/packages/packed.test.ts",
];

const [major = "", ...rest] = process.argv.slice(2);
if (!/^\d+$/.test(major)) {
  console.error('The first argument is a major version of Node: "npm run test:node -- 24".');
  process.exit(2);
}
const files = rest.includes("--all") ? rest.filter((one) => one !== "--all") : rest.length > 0 ? rest : SMOKE;
try {
  const node = await installed(major);
  const child = spawn(node, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...files], {
    cwd: root,
    stdio: "inherit",
    // What the tests start as `node`, and npm's scripts, find the same binary.
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` },
  });
  child.on("close", (code) => (process.exitCode = code ?? 1));
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  console.error(`nakadi-ts: Node ${major} could not be fetched: ${error.message}`);
  process.exitCode = 3;
}

/** The path of the binary, after it was fetched where it is missing. */
async function installed(version) {
  const folder = join(root, "node_modules", ".nakadi", `node-${version}`);
  const binary = join(folder, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(binary)) {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    // Its install script puts the binary of this platform in its place; the repository's settings would forbid scripts.
    const options = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--foreground-scripts"];
    await command(`npm install node@${version}`, npm, ["install", ...options, `node@${version}`], { cwd: root });
  }
  return binary;
}
