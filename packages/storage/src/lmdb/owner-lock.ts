/**
 * One process a directory. The lock is the kernel's, on an open file: it ends with the process that holds it, however that
 * one ends, and it also counts between containers that share a volume, which a socket's name or a process id does not.
 */
import { close, closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { checkNamed, FileReplacedError } from "../open-file.ts";
import type { OpenFile } from "../open-file.ts";

export interface OwnerLock {
  readonly file: OpenFile;
  release(): Promise<void>;
}

/** Takes the lock of `file`; undefined if somebody else has it. */
export async function tryOwnerLock(file: string): Promise<OwnerLock | undefined> {
  const { tryLock, unlock } = await import("fs-native-extensions");
  const handle = openSync(file, "a+");
  try {
    if (!tryLock(handle)) {
      closeSync(handle);
      return undefined;
    }
    checkNamed([{ path: file, handle }]);
    // For people who look: the lock is what counts.
    ftruncateSync(handle);
    writeSync(handle, `${process.pid}\n`);
  } catch (error) {
    closeSync(handle);
    // The lock of a file that was replaced between opening and locking keeps no other process out.
    if (error instanceof FileReplacedError) return tryOwnerLock(file);
    throw error;
  }
  return {
    file: { path: file, handle },
    release: () => {
      // Closing is not enough: a process that is being started has a copy of the handle until it runs its own program.
      unlock(handle);
      return new Promise((resolve) => close(handle, () => resolve()));
    },
  };
}

/** Who wrote his process id into `file`; undefined if nobody knows. */
export function ownerOf(file: string): number | undefined {
  const pid = Number(readFileSync(file, "utf8"));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
