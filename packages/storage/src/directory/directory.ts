/** The engine that keeps everything in a directory of one process: loaded only where a directory is asked for. */
export { DirectoryEngine } from "./engine.ts";
export type { DirectoryEngineOptions } from "./engine.ts";
export { isHealthy, repairDirectory, verifyDirectory } from "./repair/repair.ts";
export type { CheckedPartition, CheckOptions, DirectoryCheck } from "./repair/repair.ts";
