// node_modules fits if it holds what package-lock.json says, and package-lock.json knows what every package.json asks for.
// npm writes node_modules/.package-lock.json last: an interrupted installation never fits, one made by hand does.
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { packageFolders, readJson } from "../workspace.mjs";
import { command } from "./command.mjs";

const DEPENDENCIES = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

export const install = {
  isDone(root) {
    const wanted = readJson(join(root, "package-lock.json"));
    const there = readJson(join(root, "node_modules", ".package-lock.json"));
    return there !== undefined && knowsManifests(wanted.packages, root) && holds(there.packages, wanted.packages);
  },

  async run(root) {
    console.error("nakadi-ts: installing packages (npm ci), up to a minute …");
    // The npm that runs us, if one does. Whatever NODE_ENV says, the tools of development are needed.
    const npm = process.env.npm_execpath ?? "";
    const known = basename(npm) === "npm-cli.js";
    const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    await (known
      ? command("npm ci", process.execPath, [npm, ...args], { cwd: root })
      : command("npm ci", "npm", args, { cwd: root, shell: process.platform === "win32" }));
  },
};

function knowsManifests(locked, root) {
  return ["", ...packageFolders(root).map((name) => `packages/${name}`)].every((folder) => {
    const manifest = readJson(join(root, folder, "package.json"));
    return DEPENDENCIES.every((kind) => isDeepStrictEqual(locked[folder]?.[kind] ?? {}, manifest[kind] ?? {}));
  });
}

/** Optional packages may be missing: npm leaves out those of other platforms. */
function holds(there, wanted) {
  return Object.entries(wanted).every(([place, { version, optional, devOptional }]) => {
    if (place === "") return true;
    return there[place] === undefined ? optional || devOptional : there[place].version === version;
  });
}
