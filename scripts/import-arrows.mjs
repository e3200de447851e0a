// Which package may import which, what a pure file may import, and what no file may be (design section 2).
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { filesBelow, packageFolders, readJson, root } from "./workspace.mjs";

const ARROWS = {
  protocol: [],
  client: ["protocol"],
  storage: ["protocol"],
  broker: ["protocol", "storage"],
  testing: ["protocol", "client", "storage", "broker"],
  conformance: ["protocol", "client", "testing"],
  cli: ["protocol", "client", "storage", "broker", "testing", "conformance"],
};
/** These stand outside of the packages and may import each of them, by its name. */
const OUTSIDE = ["tests", "examples", "bench", "chaos"];
const LIBRARIES_WITH_EFFECTS = ["undici", "fastify", "pino"];
const SHAPELESS_NAMES = /(?:^|\/)(?:utils?|helpers?|common)(?:\/|\.[cm]?[jt]s$)/;
const LINES = { many: 300, tooMany: 400 };
const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Everything that is wrong below `base`, one sentence each; `warnings` are no reason to fail. */
export function findings(base = root) {
  const files = [
    ...packageFolders(base).flatMap((name) =>
      ["src", "test"].flatMap((part) => filesBelow(join(base, "packages", name, part))),
    ),
    ...OUTSIDE.flatMap((name) => filesBelow(join(base, name))),
  ].filter((path) => /\.[cm]?[jt]s$/.test(path));
  const described = files.map((path) => describe(base, path));
  return {
    violations: [
      ...described.flatMap((file) => fileViolations(base, file).map((what) => `${file.name}: ${what}`)),
      ...circles(described),
    ],
    warnings: described
      .filter(({ lines }) => lines > LINES.many && lines <= LINES.tooMany)
      .map(({ name, lines }) => `${name}: ${lines} lines`),
  };
}

function describe(base, path) {
  const text = readFileSync(path, "utf8");
  const name = relative(base, path).replaceAll(sep, "/");
  const imports = [...text.matchAll(IMPORT)].map(([, type, from, dynamic]) => ({ from: from ?? dynamic, type }));
  return { path, name, packageName: packageOf(base, path), text, imports, lines: text.split("\n").length - 1 };
}

function packageOf(base, path) {
  return /^packages\/([^/]+)\//.exec(relative(base, path).replaceAll(sep, "/"))?.[1];
}

function fileViolations(base, { path, name, packageName, text, imports, lines }) {
  const isTest = /\.test\.[cm]?[jt]s$/.test(name) || !/^packages\/[^/]+\/src\//.test(name);
  return [
    ...imports.flatMap(({ from }) => arrowViolation(base, packageName, path, from)),
    ...(!isTest && isPure(path, text) ? imports.flatMap((one) => purityViolation(path, one)) : []),
    ...(SHAPELESS_NAMES.test(name) ? ["its name says nothing; name it for its concept"] : []),
    ...(/^export \* from/m.test(text) ? ["export by name, not *"] : []),
    ...(lines > LINES.tooMany ? [`more than ${LINES.tooMany} lines`] : []),
  ];
}

function arrowViolation(base, packageName, path, from) {
  const [, other, subpath] = /^nakadi-([^/]+)(\/.*)?$/.exec(from) ?? [];
  if (other) {
    const allowed = !packageName || other === packageName || ARROWS[packageName]?.includes(other);
    if (!allowed) return [`${packageName} may not import ${from}`];
    const { exports = {} } = readJson(join(base, "packages", other, "package.json")) ?? {};
    return subpath && !(`.${subpath}` in exports) ? [`nakadi-${other} does not export ${subpath.slice(1)}`] : [];
  }
  if (!from.startsWith(".")) return [];
  const target = packageOf(base, resolve(dirname(path), from));
  if (target === packageName) return [];
  return [target ? `${from} lies inside of nakadi-${target}; import that` : `${from} lies outside of the package`];
}

function purityViolation(path, { from, type }) {
  if (type) return [];
  if (isBuiltin(from) || LIBRARIES_WITH_EFFECTS.includes(from)) return [`a pure file imports ${from}`];
  if (!from.startsWith(".")) return [];
  const imported = resolve(dirname(path), from);
  return existsSync(imported) && !isPure(imported, readFileSync(imported, "utf8"))
    ? [`a pure file imports ${from}, which is not pure`]
    : [];
}

/** Files that import each other in a circle, types included: one sentence a circle, from its first file in the alphabet. */
function circles(described) {
  const byPath = new Map(described.map((file) => [file.path, file]));
  const importsOf = ({ path, imports }) =>
    imports.flatMap(({ from }) => byPath.get(from.startsWith(".") ? resolve(dirname(path), from) : "") ?? []);
  const found = new Set();
  const finished = new Set();
  const way = [];
  const visit = (file) => {
    const start = way.indexOf(file);
    if (start >= 0) return found.add(circleText(way.slice(start)));
    if (finished.has(file)) return;
    way.push(file);
    for (const next of importsOf(file)) visit(next);
    way.pop();
    finished.add(file);
  };
  for (const file of described) visit(file);
  return [...found];
}

function circleText(files) {
  const names = files.map(({ name }) => name);
  const first = names.indexOf(names.toSorted((a, b) => (a < b ? -1 : 1))[0]);
  const [start, ...others] = [...names.slice(first), ...names.slice(0, first)];
  return `${start}: imports itself in a circle through ${others.join(", ") || "nothing else"}`;
}

/** The protocol is pure as a whole; elsewhere a file says so. */
function isPure(path, text) {
  return path.includes(`${sep}packages${sep}protocol${sep}src${sep}`) || /^\s*\/\*\*(?:[^*]|\*(?!\/))*@pure/.test(text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { violations, warnings } = findings();
  for (const line of violations) console.error(line);
  for (const line of warnings) console.error(`warning: ${line}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
