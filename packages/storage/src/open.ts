/**
 * The engine that a broker was asked for. What it needs is loaded only then.
 */
import type { Clock } from "nakadi-protocol";
import type { FaultHook } from "./fault-points.ts";
import { MemoryEngine } from "./memory/engine.ts";
import type { Storage, StorageFailedError } from "./ports.ts";

/** `memory`: nothing survives the process. `directory`: on disk, for one broker at a time. */
export type StorageOption = "memory" | { directory: string };

interface OpeningOptions {
  clock: Clock;
  onFaultPoint: FaultHook | undefined;
  /** Told once if a write fails: nothing is written any more then. */
  onFailure: (error: StorageFailedError) => void;
}

/** The storage of one node; closing it closes the engine. @throws {DataDirectoryError} */
export async function openStorage(
  option: StorageOption,
  node: string,
  { clock, onFaultPoint, onFailure }: OpeningOptions,
): Promise<Storage> {
  if (option === "memory") return new MemoryEngine({ clock }).node(node);
  const { LmdbEngine } = await import("./lmdb/engine.ts");
  const engine = await LmdbEngine.open({ directory: option.directory, clock, onFaultPoint, onFailure });
  const storage = engine.node(node);
  return {
    ...storage,
    close: async () => {
      await storage.close();
      await engine.close();
    },
  };
}
