// Where a package is entered: by an import, by its command.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../workspace.mjs";

/** Paths below `src`, without an extension, of the files that become files of their own in `dist`. */
export function entriesOf(folder) {
  const { exports = {} } = readJson(join(folder, "package.json")) ?? {};
  const imported = Object.values(exports).flatMap(({ "nakadi-source": source }) => source ?? []);
  const names = imported.map((source) => source.replace(/^\.\/src\/(.*)\.ts$/, "$1"));
  return [...new Set(["index", ...names, "main"])].filter((name) => existsSync(join(folder, "src", `${name}.ts`)));
}
