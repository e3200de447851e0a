// The bundler does not remove the outputs of a source that is gone, and npm would ship them.
import { readdirSync, rmSync } from "node:fs";
import { join, normalize } from "node:path";

/** Removes from the folder of outputs each file that is not among the `written` paths. */
export function pruneOutputs(folder, written) {
  const wanted = new Set(written.map((file) => normalize(file)));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(normalize(file))) rmSync(file);
  }
}
