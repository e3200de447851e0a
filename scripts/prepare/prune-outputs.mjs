// Neither tsc nor the bundler removes the outputs of a source that is gone or excluded, and npm would ship them.
import { readdirSync, rmSync } from "node:fs";
import { join, normalize } from "node:path";
import ts from "typescript";

/** Removes from the build of the project in `folder` what neither tsc makes any more, nor is among the `bundled` paths. */
export function pruneOutputs(folder, bundled = []) {
  const project = ts.getParsedCommandLineOfConfigFile(join(folder, "tsconfig.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic({ messageText }) {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  });
  const { outDir, tsBuildInfoFile } = project.options;
  const ignoreCase = !ts.sys.useCaseSensitiveFileNames;
  const made = project.fileNames.flatMap((file) => ts.getOutputFileNames(project, file, ignoreCase));
  const wanted = new Set([...made, ...bundled, tsBuildInfoFile].map((file) => normalize(file)));
  for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(normalize(file))) rmSync(file);
  }
}
