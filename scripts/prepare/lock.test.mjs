import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { withLock } from "./lock.mjs";

function newLock() {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "lock");
}

it("lets one in at a time, and everyone in the end", async () => {
  const lock = newLock();
  let inside = 0;
  let done = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(lock, work)));
  expect({ done, left: existsSync(lock) }).toEqual({ done: 5, left: false });
});

it("is given back when the work fails", async () => {
  const lock = newLock();
  const failing = withLock(lock, () => Promise.reject(new Error("no luck")));
  await expect(failing).rejects.toThrow("no luck");
  expect(existsSync(lock)).toBe(false);
});

it("of a killed process is removed by one of the processes that wait", async () => {
  const lock = newLock();
  mkdirSync(lock);
  const entered = [];
  const wait = (name) => withLock(lock, () => entered.push(name), { deadAfterMs: 1 });
  await Promise.all([wait("a"), wait("b")]);
  expect(new Set(entered)).toEqual(new Set(["a", "b"]));
  expect(existsSync(lock)).toBe(false);
});
