// Makes the tree ready: installs where node_modules does not fit the lockfile, builds where dist does not fit the sources,
// and is silent and quick where nothing is to do. `node scripts/prepare.mjs install` leaves the building out.
import "./prepare/node-version.mjs";
import { join } from "node:path";
import { build } from "./prepare/build.mjs";
import { CommandFailed } from "./prepare/command.mjs";
import { install } from "./prepare/install.mjs";
import { withLock } from "./prepare/lock.mjs";
import { root } from "./workspace.mjs";

const steps = process.argv[2] === "install" ? [install] : [install, build];
const isReady = () => steps.every((step) => step.isDone(root));

async function makeReady() {
  for (const step of steps) if (!step.isDone(root)) await step.run(root);
}

try {
  // The lock lies outside of node_modules because `npm ci` removes that.
  if (!isReady()) await withLock(join(root, ".nakadi-prepare.lock"), makeReady);
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  console.error(`nakadi-ts: ${error.message}`);
  process.exitCode = error.exitCode;
}
