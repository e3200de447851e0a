// dist fits if what it is built from looks as it did before the last build that went well. Paths, sizes and times will do:
// a wrong guess costs an incremental build.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow, packageFolders } from "../workspace.mjs";
import { command } from "./command.mjs";
import { entriesOf } from "./entries.mjs";

const stampOf = (root) => join(root, "node_modules", ".nakadi", "built");

export const build = {
  isDone(root) {
    const stamp = stampOf(root);
    if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== fingerprint(root)) return false;
    const outputs = [
      join(root, "chaos", "dist", ".tsbuildinfo"),
      ...packages(root).flatMap((folder) => entriesOf(folder).map((name) => join(folder, "dist", `${name}.js`))),
    ];
    return outputs.every((path) => existsSync(path));
  },

  async run(root) {
    console.error("nakadi-ts: building …");
    const before = fingerprint(root);
    rmSync(stampOf(root), { force: true }); // a build that fails writes to dist as well
    // They load what may have come just now.
    const { bundle } = await import("./bundle.mjs");
    const { pruneOutputs } = await import("./prune-outputs.mjs");
    for (const folder of packages(root)) pruneOutputs(join(folder, "dist"), await bundle(folder));
    // One file for each source: the processes of a run load each other by their paths.
    await command("tsc -p chaos", process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "chaos"], {
      cwd: root,
    });
    mkdirSync(dirname(stampOf(root)), { recursive: true });
    writeFileSync(stampOf(root), before);
  },
};

function packages(root) {
  return packageFolders(root).map((name) => join(root, "packages", name));
}

function fingerprint(root) {
  const inputs = [
    ...["tsconfig.base.json", "chaos/tsconfig.json", "node_modules/.package-lock.json"].map((name) => join(root, name)),
    // How it is built is a part of it.
    ...filesBelow(join(root, "scripts", "prepare")),
    ...[...packages(root), join(root, "chaos")].flatMap((folder) => [
      join(folder, "package.json"),
      ...filesBelow(join(folder, "src")).filter((path) => !path.endsWith(".test.ts")),
    ]),
  ];
  const hash = createHash("sha256");
  for (const path of inputs) {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${relative(root, path)} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}
