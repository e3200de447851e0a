// Where things are: the root, the packages, and the files that a build depends on.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
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

/** The files of a package that its build reads. */
export function sourcesOf(name, base = root) {
  const folder = join(base, "packages", name);
  const sources = filesBelow(join(folder, "src")).filter((path) => !path.endsWith(".test.ts"));
  return [...sources, join(folder, "package.json"), join(folder, "tsconfig.json")];
}

/** A cheap fingerprint: paths, sizes and times, not contents. */
export function fingerprint(paths) {
  return paths
    .filter((path) => existsSync(path))
    .sort()
    .map((path) => {
      const { size, mtimeMs } = statSync(path);
      return `${path} ${size} ${mtimeMs}`;
    })
    .join("\n");
}

export function contentsOf(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
