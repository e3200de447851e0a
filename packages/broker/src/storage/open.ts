/**
 * The engine that a broker was asked for. What it needs is loaded only then.
 */
import type { Clock } from "nakadi-protocol";
import type { FaultHook } from "../faults/fault-points.ts";
import { MemoryEngine } from "./memory/engine.ts";
import type { Storage } from "./ports.ts";

/** `memory`: nothing survives the process. `directory`: on disk, for one broker at a time. */
export type StorageOption = "memory" | { directory: string };

/** The storage of one node; closing it closes the engine. @throws {DataDirectoryError} */
export async function openStorage(
  option: StorageOption,
  node: string,
  { clock, onFaultPoint }: { clock: Clock; onFaultPoint: FaultHook | undefined },
): Promise<Storage> {
  if (option === "memory") return new MemoryEngine({ clock }).node(node);
  const { LmdbEngine } = await import("./lmdb/engine.ts");
  const engine = await LmdbEngine.open({ directory: option.directory, clock, onFaultPoint });
  const storage = engine.node(node);
  return {
    ...storage,
    close: async () => {
      await storage.close();
      await engine.close();
    },
  };
}
