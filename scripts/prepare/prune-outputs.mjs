// tsc never removes the outputs of a source that is gone or excluded, and npm would ship them.
import { readdirSync, rmSync } from "node:fs";
import { join, normalize } from "node:path";
import ts from "typescript";

/** Removes from the build of the project in `folder` what the project does not make any more. */
export function pruneOutputs(folder) {
  const project = ts.getParsedCommandLineOfConfigFile(join(folder, "tsconfig.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic({ messageText }) {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  });
  const { outDir, tsBuildInfoFile } = project.options;
  const ignoreCase = !ts.sys.useCaseSensitiveFileNames;
  const made = project.fileNames.flatMap((file) => ts.getOutputFileNames(project, file, ignoreCase));
  const wanted = new Set([...made, tsBuildInfoFile].map((file) => normalize(file)));
  for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(normalize(file))) rmSync(file);
  }
}
