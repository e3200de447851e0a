// One file for each way into a package, and one for whatever it loads when it is first needed: Node takes about a
// millisecond for each file that it loads. Dependencies stay where npm puts them; development dependencies become part
// of the bundle. Libraries whose files take most of the start to load are bundled so.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { readJson } from "../workspace.mjs";
import { declarationsOf } from "./declarations.mjs";
import { entriesOf } from "./entries.mjs";
import { licencesOf } from "./licences.mjs";

const LICENCES = "THIRD-PARTY-LICENCES.txt";

/** What Fastify would load for what we do not use: logs of its own, schemas, requests without a socket. */
const NEVER_REACHED = ["pino", "@fastify/ajv-compiler", "@fastify/fast-json-stringify-compiler", "light-my-request"];

/** Writes the JavaScript and the types of the package in `folder` to its `dist`, and resolves to the paths that were written. */
export async function bundle(folder) {
  const { dependencies, optionalDependencies, peerDependencies } = readJson(join(folder, "package.json"));
  const installed = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const outside = [...installed, ...NEVER_REACHED];
  const bundled = await rolldown({
    input: Object.fromEntries(entriesOf(folder).map((name) => [name, join(folder, "src", `${name}.ts`)])),
    platform: "node",
    // The oldest Node that the packages support: what it cannot parse is rewritten.
    transform: { target: "node20.19" },
    external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
    // How long a build takes depends on the machine and would fail the build as a log entry.
    checks: { bundlerTimings: false },
    onLog(_level, { message }) {
      throw new Error(message);
    },
  });
  const dir = join(folder, "dist");
  const { output } = await bundled.write({ dir, format: "esm", sourcemap: true, chunkFileNames: "[name].js" });
  await bundled.close();
  const written = output.map(({ fileName }) => join(dir, fileName));
  for (const [name, text] of await declarationsOf(folder)) written.push(writeText(join(dir, name), text));
  const licences = licencesOf(output.flatMap(({ moduleIds = [] }) => moduleIds));
  if (licences !== "") written.push(writeText(join(dir, LICENCES), licences));
  return written;
}

function writeText(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
