/** The engine that keeps everything in a directory of one process: loaded only where a directory is asked for. */
export { LmdbEngine } from "./engine.ts";
export { repairDirectory } from "./repair/repair.ts";
export type { RepairOptions, RepairStep, TableCount } from "./repair/repair.ts";
