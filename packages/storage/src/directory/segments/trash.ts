/**
 * Files of logs that are gone. A log leaves its place by one rename, which takes the same time however much there is; its
 * files are unlinked in the background, one at a time.
 */
import { join } from "node:path";
import type { Files } from "../files.ts";
import { LOGS } from "./partition-rows.ts";

const TRASH = "trash";

/** Resolves when nothing is left. Can be repeated from any point. */
export async function discardLog(files: Files, directory: string, number: number, signal: AbortSignal): Promise<void> {
  const name = String(number);
  const from = join(directory, LOGS, name);
  const to = join(directory, TRASH, name);
  if (await files.identity(from)) {
    await files.makeDirectory(join(directory, TRASH));
    await unlinkAll(files, to, signal);
    await files.rename(from, to);
    await files.syncDirectory(join(directory, LOGS));
  }
  await unlinkAll(files, to, signal);
}

async function unlinkAll(files: Files, directory: string, signal: AbortSignal): Promise<void> {
  for (const partition of await files.list(directory)) {
    const path = join(directory, partition);
    for (const name of await files.list(path)) {
      signal.throwIfAborted();
      await files.unlink(join(path, name));
    }
    await files.removeDirectory(path);
  }
  await files.removeDirectory(directory);
}
