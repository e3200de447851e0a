/**
 * The engine that a broker was asked for. What it needs is loaded only then.
 */
import type { Clock } from "nakadi-protocol";
import type { FaultHook } from "./fault-points.ts";
import { MemoryEngine } from "./memory/engine.ts";
import type { Storage, StorageFailedError } from "./ports.ts";

/** `memory`: nothing survives the process. `directory`: on disk, for one broker at a time. Or an engine of any package. */
export type StorageOption = "memory" | { directory: string } | StorageEngine;

/** Storage that several nodes may share; what it promises is held to by `nakadi-storage/compliance`. */
export interface StorageEngine {
  /** For messages. */
  readonly name: string;
  /** The storage of one node. Closing it ends what that node holds, and nothing of other nodes. */
  open(context: NodeContext): Promise<Storage>;
}

/** What an engine is told of the node that opens it. */
export interface NodeContext {
  /** Unique among all nodes, for messages. */
  node: string;
  /** The node's own, which renews its leases. */
  clock: Clock;
  /** For tests of what a crash leaves behind. */
  onFaultPoint: FaultHook | undefined;
  /** Told once if a write fails: nothing is written any more then. */
  onFailure: (error: StorageFailedError) => void;
}

/** The storage of one node; closing it closes the engine. @throws {DataDirectoryError} */
export async function openStorage(option: StorageOption, context: NodeContext): Promise<Storage> {
  const { node, clock, onFaultPoint, onFailure } = context;
  if (option === "memory") return new MemoryEngine({ clock }).node(node);
  if ("open" in option) return option.open(context);
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
