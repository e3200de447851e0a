/** A directory as the storage of one broker, which has the engine for itself. */
import type { NodeContext } from "../storage-engine.ts";
import type { Storage } from "../ports.ts";
import { DirectoryEngine } from "./engine.ts";
import { dataFailure } from "./system-refusal.ts";

/** Closing the storage closes the engine. @throws {DataDirectoryError} */
export async function openDirectory(directory: string, { node, ...context }: NodeContext): Promise<Storage> {
  const engine = await DirectoryEngine.open({ directory, ...context });
  const storage = engine.node(node);
  return {
    ...storage,
    explain: (error) => dataFailure(directory, error),
    close: async () => {
      await storage.close();
      await engine.close();
    },
  };
}
