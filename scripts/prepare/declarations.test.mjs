import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { declarationsOf } from "./declarations.mjs";

function packageWith(sources) {
  const folder = mkdtempSync(join(tmpdir(), "declarations-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const exports = { ".": { "nakadi-source": "./src/index.ts" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "cells-of-rows", exports }));
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

it("rolls the declarations of an entry up into one file, which cites only what its package contains", async () => {
  const folder = packageWith({
    "src/index.ts": 'export type { Row } from "./row.ts";\nexport { size } from "./size.ts";\n',
    "src/row.ts":
      '/** About this file. */\nimport type { Cell } from "cells";\nexport interface Row {\n  /** Not empty (protocol 3.1, 4). */\n  cells: Cell[];\n}\n',
    "src/size.ts":
      "/**\n * About sizes.\n * @pure\n */\n\nexport function size(text: string): number {\n  return text.length;\n}\n",
  });
  const declarations = await declarationsOf(folder);
  expect([...declarations.keys()]).toEqual(["index.d.ts"]);
  const text = declarations.get("index.d.ts");
  expect(text).toMatch(/^\/\*\* @module cells-of-rows \*\/\n/);
  expect(text).toContain('import { Cell } from "cells";');
  expect(text).toContain("  /** Not empty. */\n  cells: Cell[];");
  expect(text).toContain("declare function size(text: string): number;");
  expect(text).not.toMatch(/About|protocol|@pure|sourceMappingURL|src\//);
});

it.each([
  ["an export without a type", "export const all = [1].map(String);\n", "isolatedDeclarations"],
  ["a citation within a sentence", "/** As protocol 3.1 says. */\nexport const one: number = 1;\n", "protocol 3.1"],
])("%s fails the build", async (_, source, why) => {
  await expect(declarationsOf(packageWith({ "src/index.ts": source }))).rejects.toThrow(why);
});
