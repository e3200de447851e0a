// Where things are: the root, the packages, and the files below a folder.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Names of the folders under packages/ that are packages. */
export function packageFolders(base = root) {
  const folder = join(base, "packages");
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "package.json")));
}

/** All files below a folder, as paths; nothing where there is no such folder. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return entry.name === "node_modules" || entry.name === "dist" ? [] : filesBelow(path);
  });
}

/** What the file holds as JSON; nothing where there is no such file. */
export function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
