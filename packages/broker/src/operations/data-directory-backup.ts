/** A data directory as a copy that can be kept, and the way back. */
import { resolve } from "node:path";
import type { BackupReport, CopyOptions } from "nakadi-storage/directory";
import { type DirectoryReport, verifyDataDirectory } from "./data-directory-check.ts";

/**
 * Copies a data directory to an empty or a new one, whether a broker uses it or not: all that was acknowledged before the call,
 * and no committed cursor beyond an event that is not in the copy.
 * @throws {BackupError} where the copy cannot be made, or the broker ends during it @throws {DataDirectoryError} where
 * the directory holds no data, or its snapshot is damaged @throws the signal's reason. The copy is removed after every failure
 */
export async function backupDataDirectory(
  directory: string,
  to: string,
  options: CopyOptions = {},
): Promise<BackupReport> {
  const { backupDirectory } = await import("nakadi-storage/directory");
  return backupDirectory(resolve(directory), resolve(to), options);
}

/**
 * Makes a data directory of a backup, in an empty or a new directory, and verifies it.
 * @throws {BackupError} where the backup is unfinished, incomplete or damaged, or the directory is not empty
 * @throws the signal's reason. What was copied is removed after every failure
 */
export async function restoreDataDirectory(
  backup: string,
  to: string,
  options: CopyOptions = {},
): Promise<DirectoryReport> {
  const { restoreDirectory } = await import("nakadi-storage/directory");
  await restoreDirectory(resolve(backup), resolve(to), options);
  return verifyDataDirectory(to, options.signal && { signal: options.signal });
}
