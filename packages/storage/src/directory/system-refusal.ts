/** What the system says against a directory, in words that tell what to do. */
import { DamagedEventsError } from "../damaged-events-error.ts";
import { DataDirectoryError } from "../data-directory-error.ts";
import { StorageFailedError } from "../storage-errors.ts";

/** @throws {DataDirectoryError} for what the system says */
export async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unusable(path, error);
  }
}

export function unusable(path: string, error: unknown): DataDirectoryError {
  if (error instanceof DataDirectoryError) return error;
  if (isDamage(error)) return damaged(path, `events in ${path} are damaged (${error.place})`, error);
  return new DataDirectoryError("unusable", path, `cannot use ${path} for data: ${systemSentence(error)}`, error);
}

/** What an error of the system means, and what to do. */
export function systemSentence(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && SENTENCES[code]) || message;
}

/** What an error means that came from the data in `path` and not from the system; any other error stays as it is. */
export function dataFailure(path: string, error: unknown): unknown {
  if (error instanceof StorageFailedError) return unusable(path, error.cause ?? error);
  return isDamage(error) ? unusable(path, error) : error;
}

/** @param what the clause that says what is damaged */
export function damaged(path: string, what: string, cause?: unknown): DataDirectoryError {
  return new DataDirectoryError("damaged", path, `${what}. To check and repair it: nakadi repair ${path}`, cause);
}

function isDamage(error: unknown): error is DamagedEventsError {
  return error instanceof DamagedEventsError;
}

const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: "not allowed. Choose a directory that this user may write to",
  EPERM: "not allowed. Choose a directory that this user may write to",
  EROFS: "it is on a read-only file system. Choose a directory that can be written to",
  ENOSPC: "the disk is full. Make room on it, or choose a directory on another disk",
  EDQUOT: "the disk quota is used up. Make room, raise the quota, or choose another directory",
  ENOTDIR: "it, or a part of its path, is a file. Choose a directory",
  EEXIST: "it is a file. Choose a directory",
  ENOENT: "no directory can be made there. Choose another one",
  ENAMETOOLONG: "its name is too long. Choose a shorter one",
  ELOOP: "its symbolic links lead in a circle. Choose another directory",
  EMFILE: "this process has too many open files. Raise the limit (ulimit -n)",
  ENFILE: "the system has too many open files. Raise its limit, or end other processes",
  EIO: "the disk reports an error. Look at the system's log",
};
