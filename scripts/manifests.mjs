// What the manifests of the packages have in common: where the repository is, where faults are reported, the licence, what npm
// publishes. `node scripts/manifests.mjs` names what differs; `--write` puts it right; `--release` also refuses an address that
// does not exist (RELEASING.md).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolders, readJson, root } from "./workspace.mjs";

/** The repository has no public address yet. Domains below `.invalid` never resolve (RFC 2606). */
export const REPOSITORY = "https://nakadi-ts.invalid/nakadi-ts";

/** Members that follow from the name of a package's folder. */
function membersOf(folder) {
  return {
    license: "MIT",
    homepage: `${REPOSITORY}/tree/main/packages/${folder}#readme`,
    bugs: { url: `${REPOSITORY}/issues` },
    repository: { type: "git", url: `git+${REPOSITORY}.git`, directory: `packages/${folder}` },
  };
}

/** What is wrong with the packages below `base`, one sentence each. */
export function faultsOf(base = root, { release = false } = {}) {
  const licence = readFileSync(join(base, "LICENSE"), "utf8");
  const faults = packageFolders(base).flatMap((folder) => {
    const manifest = readJson(join(base, "packages", folder, "package.json"));
    if (manifest.private) return [];
    const file = (name) => join(base, "packages", folder, name);
    return [
      ...Object.entries(membersOf(folder))
        .filter(([name, value]) => JSON.stringify(manifest[name]) !== JSON.stringify(value))
        .map(([name, value]) => `"${name}" is ${JSON.stringify(manifest[name])}, not ${JSON.stringify(value)}`),
      ...(manifest.keywords?.includes("nakadi") ? [] : ['"keywords" lack "nakadi"']),
      ...(manifest.description ? [] : ["there is no description"]),
      ...(existsSync(file("README.md")) ? [] : ["there is no README.md"]),
      ...(existsSync(file("LICENSE")) && readFileSync(file("LICENSE"), "utf8") === licence
        ? []
        : ["LICENSE differs from the one of the repository"]),
    ].map((fault) => `packages/${folder}: ${fault}`);
  });
  return release && new URL(REPOSITORY).hostname.endsWith(".invalid")
    ? [...faults, `${REPOSITORY} does not exist: set REPOSITORY in scripts/manifests.mjs, then run it with --write`]
    : faults;
}

/** Writes the common members, and the licence, to each package that npm publishes. */
function write() {
  const licence = readFileSync(join(root, "LICENSE"), "utf8");
  for (const folder of packageFolders()) {
    const path = join(root, "packages", folder, "package.json");
    const { name, version, description, keywords, ...rest } = readJson(path);
    if (rest.private) continue;
    const manifest = { name, version, description, keywords, ...membersOf(folder), ...rest, ...membersOf(folder) };
    writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
    writeFileSync(join(root, "packages", folder, "LICENSE"), licence);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const options = process.argv.slice(2);
  if (options.includes("--write")) write();
  const faults = faultsOf(root, { release: options.includes("--release") });
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
