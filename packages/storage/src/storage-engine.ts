/**
 * What an engine is to a broker: storage that a node can open.
 * @pure
 */
import type { Clock } from "nakadi-protocol";
import type { FaultHook } from "./fault-points.ts";
import type { Storage } from "./ports.ts";
import type { StorageFailedError } from "./storage-errors.ts";

/** Storage that several nodes may share; what it promises is held to by `nakadi-storage/compliance`. */
export interface StorageEngine {
  /** For messages. */
  readonly name: string;
  /** The storage of one node. Closing it ends what that node holds, and nothing of other nodes. */
  open(context: NodeContext): Promise<Storage>;
}

/** The node that opens an engine. */
export interface NodeContext {
  /** Unique among all nodes, for messages. */
  node: string;
  /** The node's own, which renews its leases. */
  clock: Clock;
  /** For tests of what a crash leaves behind. */
  onFaultPoint: FaultHook | undefined;
  /** Called once if a write fails; the engine writes nothing from then on. */
  onFailure: (error: StorageFailedError) => void;
}
