/** The public surface of each package is the one that `api/` records. A change of it is a decision: `npx vitest run -u` writes it. */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";
import { declarationsOf } from "../../scripts/prepare/declarations.mjs";

const PACKAGES = ["protocol", "client", "storage", "broker", "testing", "conformance"];

it.each(PACKAGES)("the surface of nakadi-%s is as recorded", async (name) => {
  const declarations = await declarationsOf(fileURLToPath(new URL(`../../packages/${name}`, import.meta.url)));
  const texts = [...declarations].map(([file, text]) => `// nakadi-${name}: ${file}\n\n${surfaceOf(file, text)}`);
  await expect(texts.join("\n")).toMatchFileSnapshot(`api/${name}.txt`);
});

/**
 * The declarations in the order of their texts, without docstrings and without the names that the roll-up gives to imports: words
 * may change, and files may move, without a change of the surface.
 */
function surfaceOf(file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const printer = ts.createPrinter({ removeComments: true });
  const declarations = source.statements
    .filter((statement) => !ts.isImportDeclaration(statement))
    .map((statement) => printer.printNode(ts.EmitHint.Unspecified, statement, source).replaceAll(/\$\d+\b/g, ""));
  return `${declarations.toSorted((one, other) => (one < other ? -1 : 1)).join("\n")}\n`;
}
