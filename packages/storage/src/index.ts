export { BackupError } from "./backup-error.ts";
export { DamagedEventsError } from "./damaged-events-error.ts";
export { DataDirectoryError } from "./data-directory-error.ts";
export type { DataDirectoryProblem } from "./data-directory-error.ts";
export { eachRecord } from "./each-record.ts";
export { FAULT_POINTS, killAt } from "./fault-points.ts";
export type { FaultHook, FaultPoint } from "./fault-points.ts";
export { judgeCommits } from "./fence.ts";
export type { CommitItem } from "./fence.ts";
export { MemoryEngine } from "./memory/engine.ts";
export { isStorageUrl, NoSuchEngineError, openStorage } from "./open.ts";
export type { EnginePackage, StorageOption } from "./open.ts";
export type { NodeContext, StorageEngine } from "./storage-engine.ts";
export { NoSuchLogError } from "./ports.ts";
export { StorageClosedError, StorageFailedError } from "./storage-errors.ts";
export type {
  Appended,
  Bounds,
  CommitOutcome,
  CoordinationPort,
  Frame,
  Group,
  LogId,
  LogPolicy,
  LogPort,
  MetadataPort,
  NewRecord,
  NodeLease,
  NotAppended,
  Owned,
  PartitionKey,
  Progress,
  Session,
  Slice,
  Storage,
  StoredPosition,
  Versioned,
  Write,
} from "./ports.ts";
