// Which package may import which, what a pure file may import, and what no file may be (design section 2).
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { filesBelow, packageFolders, root } from "./workspace.mjs";

const ARROWS = {
  protocol: [],
  client: ["protocol"],
  broker: ["protocol"],
  testing: ["protocol", "client", "broker"],
  conformance: ["protocol", "client", "testing"],
  cli: ["protocol", "client", "broker", "testing", "conformance"],
};
const EFFECTS = /^(?:node:|undici$|fastify$|lmdb$|pino$)/;
const SHAPELESS_NAMES = /(?:^|\/)(?:utils?|helpers?|common)\.[cm]?[jt]s$/;
const MAX_LINES = 400;
const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Everything that is wrong below `base`, one sentence each. */
export function violations(base = root) {
  return packageFolders(base).flatMap((name) => {
    const files = filesBelow(join(base, "packages", name)).filter(
      (path) => path.endsWith(".ts") && /[\\/](?:src|test)[\\/]/.test(path),
    );
    return files.flatMap((path) =>
      fileViolations(name, path).map((what) => `${relative(base, path).replaceAll(sep, "/")}: ${what}`),
    );
  });
}

function fileViolations(packageName, path) {
  const text = readFileSync(path, "utf8");
  const test = path.endsWith(".test.ts") || path.includes(`${sep}test${sep}`);
  const imports = importsOf(text);
  return [
    ...imports.flatMap(({ from }) => arrowViolation(packageName, path, from)),
    ...(!test && isPure(text) ? imports.flatMap((one) => purityViolation(path, one)) : []),
    ...(SHAPELESS_NAMES.test(path) ? ["its name says nothing; name it for its concept"] : []),
    ...(/^export \*/m.test(text) ? ["export by name, not *"] : []),
    ...(text.split("\n").length > MAX_LINES ? [`more than ${MAX_LINES} lines`] : []),
  ];
}

function importsOf(text) {
  return [...text.matchAll(IMPORT)].map(([, type, from, dynamic]) => ({
    from: from ?? dynamic,
    type: type !== undefined,
  }));
}

function arrowViolation(packageName, path, from) {
  const other = /^nakadi-([^/]+)(\/.*)?$/.exec(from);
  if (other) {
    const allowed = other[1] === packageName || (ARROWS[packageName] ?? []).includes(other[1]);
    return allowed ? [] : [`${packageName} may not import ${from}`];
  }
  if (!from.startsWith(".")) return [];
  const inside = resolve(dirname(path), from).includes(`${sep}packages${sep}${packageName}${sep}`);
  return inside ? [] : [`${from} lies outside of the package`];
}

function purityViolation(path, { from, type }) {
  if (type) return [];
  if (EFFECTS.test(from)) return [`a pure file imports ${from}`];
  if (!from.startsWith(".")) return [];
  return isPure(readFileSync(resolve(dirname(path), from), "utf8"))
    ? []
    : [`a pure file imports ${from}, which is not pure`];
}

function isPure(text) {
  return /^\s*\/\*\*(?:[^*]|\*(?!\/))*@pure/.test(text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const found = violations();
  for (const line of found) console.error(line);
  process.exit(found.length > 0 ? 1 : 0);
}
