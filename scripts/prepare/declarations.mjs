// The types of a package: one declaration file for each entry, made from the sources by `isolatedDeclarations`. Types of other
// packages stay imports. Shared declarations of several entries form a file of their own.
import { join } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { readJson } from "../workspace.mjs";
import { entriesOf } from "./entries.mjs";

/** A comment about the file: the first one, with an empty line or an import behind it. */
const FILE_COMMENT = /^\s*\/\*\*(?:[^*]|\*(?!\/))*\*\/(?=\s*\n\s*\n|\s*\n(?:import|export [^;]* from) )/;
/** Sections of docs/protocol.md, which a package does not contain. */
const SECTION = String.raw`(?:A(?:\.\d)?|\d+(?:\.\d+)*)`;
const CITATION = new RegExp(
  String.raw`\s*\((?:protocol|design) ${SECTION}(?:(?:,| and| to)\s+(?:\*\s+)?${SECTION})*\)`,
  "g",
);
/** What a reader of the sources needs, and a user of the package does not: where a declaration stood, and that it is pure. */
const NOTES = /^(?:\/\/.*|[ \t]*\* @pure)\n/gm;

/**
 * The declaration files of the package in `folder`, as texts by their names in `dist`.
 * @throws {Error} if an exported declaration lacks a type, or still cites what the package does not contain
 */
export async function declarationsOf(folder) {
  const entries = entriesOf(folder).filter((name) => name !== "main");
  if (entries.length === 0) return new Map();
  const bundled = await rolldown({
    input: Object.fromEntries(entries.map((name) => [name, join(folder, "src", `${name}.ts`)])),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/") && !/^[A-Z]:/i.test(id),
    plugins: [withoutFileComments, dts({ oxc: true, emitDtsOnly: true, tsconfig: false, cwd: folder })],
    // How long a build takes depends on the machine and would fail the build as a log entry.
    checks: { bundlerTimings: false },
    onLog(_level, { message }) {
      throw new Error(message);
    },
  });
  const { output } = await bundled.generate({ chunkFileNames: "[name].ts" });
  await bundled.close();
  const modules = moduleNames(folder);
  return new Map(
    output.map(({ fileName, code }) => [fileName, `${modules.get(fileName) ?? ""}${forUsers(fileName, code)}`]),
  );
}

/** By the names of declaration files: the comment that gives an entry its name in the API reference. */
function moduleNames(folder) {
  const { name, exports = {} } = readJson(join(folder, "package.json"));
  return new Map(
    Object.entries(exports)
      .filter(([, { "nakadi-source": source }]) => source !== undefined)
      .map(([path, { "nakadi-source": source }]) => [
        source.replace(/^\.\/src\/(.*)\.ts$/, "$1.d.ts"),
        `/** @module ${name}${path.slice(1)} */\n`,
      ]),
  );
}

/** Behind imports that the roll-up removes, a comment about a file would become one about the next declaration. */
const withoutFileComments = {
  name: "without-file-comments",
  transform: { order: "pre", handler: (code) => code.replace(FILE_COMMENT, "") },
};

function forUsers(fileName, code) {
  const text = code
    .replaceAll(NOTES, "")
    .replaceAll(CITATION, "")
    .replaceAll(/^(\s*)(?=\*[ /])/gm, "$1 ");
  const [left] = /^.*\b(?:protocol|design) \d+(?:\.\d+)*.*$/m.exec(text) ?? [];
  if (left !== undefined) throw new Error(`${fileName} cites what its package does not contain: ${left.trim()}`);
  return `${text.trim()}\n`;
}
