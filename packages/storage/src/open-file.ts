/**
 * Whether a path still names the file that this process has open. A directory that is removed or replaced leaves the open
 * files to their process: what is written to them succeeds and is gone with the process.
 */
import { fstatSync, statSync } from "node:fs";

export interface OpenFile {
  path: string;
  /** A file descriptor. */
  handle: number;
}

/** The path names another file, or none. */
export class FileReplacedError extends Error {
  override readonly name = "FileReplacedError";
  readonly code = "FILE_REPLACED";
  constructor(path: string, how: "removed" | "replaced") {
    super(`${path} was ${how} while this process had it open`);
  }
}

/** Takes a few microseconds a file. @throws {FileReplacedError} @throws the system's error if a path cannot be followed */
export function checkNamed(files: readonly OpenFile[]): void {
  for (const { path, handle } of files) {
    const named = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (!named) throw new FileReplacedError(path, "removed");
    const open = fstatSync(handle, { bigint: true });
    if (named.dev !== open.dev || named.ino !== open.ino) throw new FileReplacedError(path, "replaced");
  }
}
