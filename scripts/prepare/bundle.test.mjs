import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { bundle } from "./bundle.mjs";

const FILES = {
  "package.json": { type: "module", dependencies: { outside: "1" }, devDependencies: { inside: "1" } },
  "src/index.ts":
    'export { outside } from "outside";\nexport { inside } from "inside";\nexport { part } from "./part.ts";',
  "src/part.ts": 'export const part: () => Promise<object> = () => import("./later.ts");',
  "src/later.ts": 'export const later: string = "later";',
  "node_modules/outside/package.json": { name: "outside", type: "module", main: "index.js" },
  "node_modules/outside/index.js": 'export const outside = "outside";',
  "node_modules/inside/package.json": { name: "inside", version: "1.2.3", license: "MIT", main: "index.js" },
  "node_modules/inside/index.js": 'exports.inside = "inside";',
  "node_modules/inside/LICENSE": "Do as you like.",
};

it("makes one file of what is loaded at once, with the libraries that are not installed for users, and their licences", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  const written = await bundle(folder);
  expect(new Set(written.map((path) => basename(path)))).toEqual(
    new Set(["THIRD-PARTY-LICENCES.txt", "index.d.ts", "index.js", "index.js.map", "later.js", "later.js.map"]),
  );
  rmSync(join(folder, "node_modules/inside"), { recursive: true });
  rmSync(join(folder, "src"), { recursive: true });
  const { outside, inside, part } = await import(pathToFileURL(join(folder, "dist/index.js")).href);
  expect({ outside, inside, ...(await part()) }).toEqual({ outside: "outside", inside: "inside", later: "later" });
  expect(readFileSync(join(folder, "dist/index.js"), "utf8")).toContain('from "outside"');
  expect(readFileSync(join(folder, "dist/THIRD-PARTY-LICENCES.txt"), "utf8")).toContain(
    "inside 1.2.3: MIT\n\nDo as you like.",
  );
});
