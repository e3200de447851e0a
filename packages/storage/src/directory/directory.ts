/** The engine that keeps everything in a directory of one process: loaded only where a directory is asked for. */
export { DirectoryEngine } from "./engine.ts";
export type { DirectoryEngineOptions } from "./engine.ts";
export { isHealthy, repairDirectory, verifyDirectory } from "./repair/repair.ts";
export type { CheckedPartition, CheckOptions, DirectoryCheck } from "./repair/repair.ts";
export { backupDirectory } from "./backup/backup.ts";
export type { BackupReport } from "./backup/backup.ts";
export type { CopyOptions } from "./backup/copying.ts";
export { restoreDirectory } from "./backup/restore.ts";
