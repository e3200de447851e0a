/** What the system says against a directory, in words that tell what to do. */
import { DataDirectoryError } from "../data-directory-error.ts";
import { StorageFailedError } from "../ports.ts";
import { DamagedDataError } from "../lmdb/checksum.ts";

/** @throws {DataDirectoryError} for what the system says */
export function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(path, error);
  }
}

export async function attemptLater<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unusable(path, error);
  }
}

export function unusable(path: string, error: unknown): DataDirectoryError {
  if (error instanceof DataDirectoryError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (isDamage(error)) return damaged(path, message, error);
  const why = (code !== undefined && SENTENCES[code]) || message;
  return new DataDirectoryError("unusable", path, `cannot use ${path} for data: ${why}`, error);
}

/** What an error means that came from the data in `path` and not from the system; any other error stays as it is. */
export function dataFailure(path: string, error: unknown): unknown {
  if (error instanceof StorageFailedError) return unusable(path, error.cause ?? error);
  return isDamage(error) ? unusable(path, error) : error;
}

function damaged(path: string, what: string, cause: unknown): DataDirectoryError {
  const sentence = `the data in ${path} is damaged (${what.replace(/\.$/, "")}). To check and repair it: nakadi repair ${path}`;
  return new DataDirectoryError("damaged", path, sentence, cause);
}

/** `MDB_PAGE_NOTFOUND`, `MDB_CORRUPTED`, `MDB_PANIC`, `MDB_VERSION_MISMATCH`, `MDB_INVALID`: LMDB's own words for it. */
const LMDB_DAMAGE: readonly unknown[] = [-30_797, -30_796, -30_795, -30_794, -30_793];

function isDamage(error: unknown): boolean {
  return (
    error instanceof DamagedDataError || (error instanceof Error && "code" in error && LMDB_DAMAGE.includes(error.code))
  );
}

const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: "not allowed. Choose a directory that this user may write to",
  EPERM: "not allowed. Choose a directory that this user may write to",
  EROFS: "it is on a read-only file system",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "it, or a part of its path, is a file",
  EEXIST: "it is a file",
};
