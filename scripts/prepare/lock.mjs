// A lock between processes: a directory whose time is its heartbeat. A killed process leaves a stale one;
// a process that waits removes it. Process ids are not compared: containers reuse them.
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const BEAT_MS = 1_000;
const DEAD_AFTER_MS = 10_000;
const LOOK_AGAIN_MS = 100;

export async function withLock(lock, work, { deadAfterMs = DEAD_AFTER_MS } = {}) {
  await acquire(lock, deadAfterMs);
  let beat = heartbeat(lock);
  const beating = setInterval(() => {
    beat = giveHeartbeat(lock);
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beating);
    // Another's heartbeat: we stood still for so long that the lock was taken from us.
    if (heartbeat(lock) === beat) rmSync(lock, { recursive: true, force: true });
  }
}

async function acquire(lock, deadAfterMs) {
  let seen;
  let since = 0;
  while (!create(lock)) {
    const current = heartbeat(lock);
    if (seen === undefined) console.error("nakadi-ts: waiting for another process that installs or builds …");
    if (current !== seen) [seen, since] = [current, performance.now()];
    else if (performance.now() - since >= deadAfterMs) takeAway(lock, seen);
    await pause(LOOK_AGAIN_MS);
  }
}

function create(lock) {
  return succeedsUnless("EEXIST", () => mkdirSync(lock));
}

/** Two may take a dead lock away at once; the second one finds the first one's new lock in its hands and puts it back. */
function takeAway(lock, dead) {
  const aside = `${lock}.${process.pid}`;
  if (!succeedsUnless("ENOENT", () => renameSync(lock, aside))) return;
  if (heartbeat(aside) === dead) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, lock);
}

function giveHeartbeat(lock) {
  const now = new Date();
  succeedsUnless("ENOENT", () => utimesSync(lock, now, now));
  return heartbeat(lock);
}

function heartbeat(lock) {
  return statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function succeedsUnless(code, action) {
  try {
    action();
    return true;
  } catch (error) {
    if (error.code === code) return false;
    throw error;
  }
}
