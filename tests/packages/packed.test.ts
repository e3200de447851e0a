/** What a user gets from npm: files, types, and that each way of loading them works (docs/support.md). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { filesOf, type Installed, installPacked, readInstalled } from "./packed.ts";

const LIBRARIES = [
  "nakadi-protocol",
  "nakadi-client",
  "nakadi-storage",
  "nakadi-broker",
  "nakadi-testing",
  "nakadi-conformance",
];
const ENTRIES = [...LIBRARIES, "nakadi-storage/directory"];
const USE = `import { NakadiClient } from "nakadi-client";
const nakadi = new NakadiClient({ baseUrl: "http://127.0.0.1:9" });
nakadi.close().then(() => console.log("closed"), console.error);
`;

let installed: Installed;
beforeAll(async () => {
  installed = await installPacked();
}, 300_000);
afterAll(() => installed.remove());

it("each package has a README, a licence, and no file that leads to what it does not contain", async () => {
  expect(new Set(installed.names)).toEqual(new Set([...LIBRARIES, "nakadi-cli"]));
  const faults = await Promise.all(
    installed.names.map(async (name) => (await faultsOf(name)).map((what) => [name, what])),
  );
  expect(faults.flat()).toEqual([]);
});

async function faultsOf(name: string): Promise<string[]> {
  const files = await filesOf(installed, name);
  const missing = ["README.md", "LICENSE"].filter((file) => !files.includes(file)).map((file) => `no ${file}`);
  const surplus = files.filter((file) => /\.test\.|\.d\.ts\.map$|tsbuildinfo|^src/.test(file));
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readInstalled(installed, name, file) })),
  );
  const dangling = texts.filter(({ file, text }) => {
    if (file.endsWith(".d.ts")) return /\bprotocol [0-9]|sourceMappingURL/.test(text);
    if (!file.endsWith(".js.map")) return false;
    const { sourcesContent } = JSON.parse(text) as { sourcesContent: unknown[] };
    return !sourcesContent.every((source) => typeof source === "string");
  });
  return [...missing, ...surplus, ...dangling.map(({ file }) => `${file} leads to what the package does not contain`)];
}

it.each(ENTRIES)("require and import of %s give the same exports", async (entry) => {
  const program = `const required = require("${entry}");
import("${entry}").then((imported) => {
  const same = Object.keys(imported).every((name) => name === "default" || imported[name] === required[name]);
  console.log(Object.keys(required).length > 0 && same);
});`;
  await installed.write("require.cjs", program);
  expect(await installed.runs("require.cjs")).toBe("true\n");
});

it(
  "TypeScript types each entry, and compiles a use of the client as an ES module and as CommonJS",
  { timeout: 300_000 },
  async () => {
    const imports = ENTRIES.map((entry, index) => `import * as entry${index} from "${entry}";\n`).join("");
    const uses = ENTRIES.map((_, index) => `console.log(entry${index});\n`).join("");
    const files = { "all.mts": imports + uses, "esm.mts": USE, "common.cts": USE };
    const options = { module: "nodenext", lib: ["es2023", "esnext.disposable"], skipLibCheck: false };
    expect(await installed.compile(files, options)).toBe("");
    for (const name of ["esm.mjs", "common.cjs"]) expect(await installed.runs(`out/${name}`)).toBe("closed\n");
  },
);

it("with module node16 TypeScript compiles ES modules, and refuses CommonJS", { timeout: 300_000 }, async () => {
  const reported = await installed.compile({ "esm16.mts": USE, "common16.cts": USE }, { module: "node16" });
  expect(reported.match(/\S+: error TS\d+/g)).toEqual([expect.stringMatching(/^common16\.cts\(.*TS1479$/)]);
  expect(await installed.runs("out/esm16.mjs")).toBe("closed\n");
});

it("the command starts", async () => {
  const manifest = JSON.parse(await readInstalled(installed, "nakadi-cli", "package.json")) as { version: string };
  expect(await installed.runs("node_modules/nakadi-cli/bin/nakadi.js", "--version")).toContain(manifest.version);
});
