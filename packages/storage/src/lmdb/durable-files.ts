/** Files and directories that are on disk, by name and content, when a call returns. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Begins the name of a file that is not whole yet. */
export const NEW = "new-";

/** Whole, or not at all. */
export function writeWhole(directory: string, name: string, json: unknown): void {
  const temporary = join(directory, NEW + name);
  const handle = openSync(temporary, "w");
  try {
    writeSync(handle, `${JSON.stringify(json)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, join(directory, name));
  syncDirectory(directory);
}

/** Names of files are on disk only when the directory is. */
export function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** With all that lead to it. Node's own `recursive` never ends where a file system has no place for directories. */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path);
  }
  syncDirectory(dirname(path));
}
