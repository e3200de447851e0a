/** What a user installs is JavaScript and WebAssembly alone, so that it runs wherever Node does: with musl as with glibc. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface LockedPackage {
  link?: boolean;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  hasInstallScript?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const { packages } = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};

/** Where a package that `from` asks for lies: in the nearest folder `node_modules` that has it. */
function placeOf(name: string, from: string): string {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    const place = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
    if (packages[place]) return place;
    if (base === "" || !base.includes("node_modules/")) return `node_modules/${name}`;
  }
}

/** The folders of a package and of all that npm installs with it. */
function closureOf(name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (wanted: string, from: string): void => {
    const place = placeOf(wanted, from);
    const at = packages[place];
    if (!at) throw new Error(`package-lock.json has no ${wanted}, which ${from || name} asks for.`);
    const folder = at.link && at.resolved ? at.resolved : place;
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies, optionalDependencies } = packages[folder] ?? {};
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) visit(each, folder);
  };
  visit(name, "");
  return found;
}

/** Compiled code, and what npm builds some from. */
const NATIVE = /\.(?:node|so|dylib|dll|exe|a|o)$|(?:^|\/)binding\.gyp$|(?:^|\/)prebuilds\//;

describe.each(["nakadi-storage", "nakadi-broker", "nakadi-cli", "nakadi-client", "nakadi-testing"])("%s", (name) => {
  const folders = [...closureOf(name)];

  it("installs no package that is for some platforms only, or that runs a script", () => {
    expect(folders.length).toBeGreaterThan(1);
    const special = folders.filter((folder) => {
      const { hasInstallScript, os, cpu, libc } = packages[folder] ?? {};
      return hasInstallScript ?? os ?? cpu ?? libc;
    });
    expect(special).toEqual([]);
  });

  it("installs no compiled file", async () => {
    const native: string[] = [];
    for (const folder of folders) {
      // What lies in a folder node_modules of its own is a package of its own.
      const files = (await readdir(join(ROOT, folder), { recursive: true })).filter((file) => NATIVE.test(file));
      native.push(...files.filter((file) => !file.includes("node_modules")).map((file) => join(folder, file)));
    }
    expect(native).toEqual([]);
  });
});

it("the check finds a native package where there is one", async () => {
  const folders = [...closureOf("oxlint")];
  expect(folders.some((folder) => packages[folder]?.cpu)).toBe(true);
});
