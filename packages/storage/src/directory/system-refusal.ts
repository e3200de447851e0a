/** What the system says against a directory, in words that tell what to do. */
import { DataDirectoryError } from "../data-directory-error.ts";

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
  const why = (code !== undefined && SENTENCES[code]) || message;
  return new DataDirectoryError("unusable", path, `cannot use ${path} for data: ${why}`, error);
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
