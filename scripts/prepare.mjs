// Installs and builds where that is missing or stale; instant where nothing changed. Runs before start, test, check, bench.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contentsOf, filesBelow, fingerprint, packageFolders, root, sourcesOf } from "./workspace.mjs";

const OLDEST_NODE = [20, 19];
const STAMPS = join(root, "node_modules", ".nakadi");
const LOCK = join(root, ".nakadi-prepare.lock");
const LOCK_POLL_MS = 200;

demandNode();
if (installIsStale() || staleBuild()) withLock(prepare);

function prepare() {
  if (installIsStale()) {
    say("installing the packages of package-lock.json …");
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    stamp("install", installState());
  }
  const stale = staleBuild();
  if (!stale) return;
  say("building …");
  for (const name of stale.removed) rmSync(join(root, "packages", name, "dist"), { recursive: true, force: true });
  run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"]);
  stamp("build", buildState());
}

function demandNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  fail(`Node ${OLDEST_NODE.join(".")} or later is needed; this is ${process.versions.node}.`, 1);
}

function installState() {
  const manifests = [
    "package.json",
    "package-lock.json",
    ...packageFolders().map((name) => `packages/${name}/package.json`),
  ];
  const hash = createHash("sha256");
  for (const path of manifests) hash.update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

function installIsStale() {
  return contentsOf(join(STAMPS, "install")) !== installState();
}

function buildState() {
  const configs = ["tsconfig.json", "tsconfig.base.json"].map((name) => join(root, name));
  return fingerprint([...configs, ...packageFolders().flatMap((name) => sourcesOf(name))]);
}

/** Nothing where the build is current; else the packages whose output holds what no source stands for any more. */
function staleBuild() {
  const before = contentsOf(join(STAMPS, "build"));
  const missing = packageFolders().some(
    (name) => filesBelow(join(root, "packages", name, "src")).length > 0 && !hasOutput(name),
  );
  if (!missing && before === buildState()) return undefined;
  const gone = (before ?? "")
    .split("\n")
    .map((line) => line.split(" ", 1)[0] ?? "")
    .filter((path) => path && !existsSync(path));
  return {
    removed: packageFolders().filter((name) =>
      gone.some((path) => path.startsWith(join(root, "packages", name, "src"))),
    ),
  };
}

function hasOutput(name) {
  return existsSync(join(root, "packages", name, "dist"));
}

function stamp(name, state) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), state);
}

/** One at a time: a second one waits, and finds everything done. */
function withLock(work) {
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
  try {
    work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** The lock of a process that is gone is taken over. */
function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const owner = Number(contentsOf(LOCK));
    if (owner > 0 && !isAlive(owner)) rmSync(LOCK, { force: true });
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function run(command, args) {
  // What these print is no data of the command that comes after.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  rmSync(LOCK, { force: true });
  fail(`${[command, ...args].join(" ")} failed${error ? `: ${error.message}` : ""}.`, status ?? 1);
}

function say(text) {
  process.stderr.write(`nakadi-ts: ${text}\n`);
}

function fail(text, code) {
  say(text);
  process.exit(code);
}
