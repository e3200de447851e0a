// Where a package is entered: by an import, by its command.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Names, without an extension, of the files in `src` that become files of their own in `dist`. */
export function entriesOf(folder) {
  return ["index", "main"].filter((name) => existsSync(join(folder, "src", `${name}.ts`)));
}
