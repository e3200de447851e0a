/** The packages as npm would publish them, installed in a folder that holds nothing else. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MODULES = join(ROOT, "node_modules");

export interface Installed {
  readonly folder: string;
  /** The names of the packages of this repository. */
  readonly names: readonly string[];
  write(file: string, text: string): Promise<void>;
  /** What the program in a file prints. @throws if it fails */
  runs(file: string, ...args: readonly string[]): Promise<string>;
  /** Compiles sources to `out/` with the repository's TypeScript, and resolves to what it reports: nothing if all is well. */
  compile(sources: Readonly<Record<string, string>>, options: object): Promise<string>;
  remove(): Promise<void>;
}

/** Builds, packs and unpacks all packages; their dependencies are links to those of the repository. */
export async function installPacked(): Promise<Installed> {
  await run(process.execPath, [join(ROOT, "scripts/prepare.mjs")], { cwd: ROOT });
  const folder = await mkdtemp(join(tmpdir(), "packed-"));
  const args = [
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    folder,
    "--workspaces",
    "--workspace-root=false",
  ];
  const { stdout } = await run("npm", args, { cwd: ROOT, maxBuffer: 64 << 20 });
  const packed = Object.values(JSON.parse(stdout) as Record<string, { name: string; filename: string }>);
  const published = packed.filter(({ name }) => name !== "nakadi-chaos");
  await Promise.all(
    published.map(async ({ name, filename }) => {
      const target = join(folder, "node_modules", name);
      await mkdir(target, { recursive: true });
      await run("tar", ["-xzf", join(folder, filename), "-C", target, "--strip-components=1"]);
    }),
  );
  const names = published.map(({ name }) => name);
  await linkDependencies(join(folder, "node_modules"), names);
  const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
  await write("package.json", JSON.stringify({ name: "user", private: true }));
  return {
    folder,
    names,
    write,
    async runs(file, ...args) {
      return (await run(process.execPath, [join(folder, file), ...args], { cwd: folder })).stdout;
    },
    async compile(sources, options) {
      const files = Object.keys(sources);
      await Promise.all(files.map((file) => write(file, sources[file] ?? "")));
      const compilerOptions = { strict: true, target: "es2022", types: ["node"], outDir: "out", ...options };
      await write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
      const { stdout } = await run(process.execPath, [join(MODULES, "typescript/bin/tsc")], { cwd: folder }).catch(
        (error: unknown) => error as { stdout: string },
      );
      return stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Links what the manifests ask for, and the types of Node that a program in TypeScript has installed. */
async function linkDependencies(modules: string, own: readonly string[]): Promise<void> {
  const manifests = await Promise.all(
    own.map(async (name) => JSON.parse(await readFile(join(modules, name, "package.json"), "utf8")) as Manifest),
  );
  const wanted = manifests.flatMap(({ dependencies, optionalDependencies }) =>
    Object.keys({ ...dependencies, ...optionalDependencies }),
  );
  for (const name of new Set([...wanted, "@types/node"])) {
    if (own.includes(name)) continue;
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(MODULES, name), join(modules, name), "junction");
  }
}

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Each file of an installed package, as a path below its folder. */
export async function filesOf({ folder }: Installed, name: string): Promise<string[]> {
  const base = join(folder, "node_modules", name);
  const entries = await readdir(base, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1));
}

export function readInstalled({ folder }: Installed, name: string, file: string): Promise<string> {
  return readFile(join(folder, "node_modules", name, file), "utf8");
}
