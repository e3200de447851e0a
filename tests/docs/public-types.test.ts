/** What holds for every type that the packages export, found by following their declarations. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const PACKAGES = ["protocol", "client", "broker", "testing", "conformance"];
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

it("no public object has a member named then: `await` would call it", { timeout: 120_000 }, () => {
  const members = publicMembers(PACKAGES.map((name) => `${ROOT}packages/${name}/src/index.ts`));
  // Members that stand for different ways to come to a type: exported, of a parameter, of a result, of a type argument.
  const names = ["FailureOptions.retry", "HandlerContext.stopping", "OutboxRow.event", "PartitionLag.partition"];
  for (const name of names) expect(members).toContain(name);
  expect(members.filter((name) => /(^|\.)then$/.test(name))).toEqual([]);
});

/** `Type.member`, of every type of ours that the exports of these files lead to. */
function publicMembers(entries: readonly string[]): string[] {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.base.json`, (path) => readFileSync(path, "utf8")) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram({
    rootNames: entries,
    options: { ...options, noEmit: true, composite: false, incremental: false, customConditions: ["nakadi-source"] },
  });
  const checker = program.getTypeChecker();
  const isOurs = (symbol: ts.Symbol): boolean =>
    (symbol.declarations ?? []).some((declaration) => {
      const { fileName } = declaration.getSourceFile();
      return fileName.startsWith(`${ROOT}packages/`) && !fileName.includes("/node_modules/");
    });
  const seen = new Set<ts.Type>();
  const found = new Set<string>();
  const open: ts.Type[] = [];
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
    for (const symbol of checker.getExportsOfModule(module)) {
      found.add(symbol.name);
      open.push(checker.getDeclaredTypeOfSymbol(symbol), checker.getTypeOfSymbol(symbol));
    }
  }
  for (let type = open.pop(); type; type = open.pop()) {
    if (seen.has(type)) continue;
    seen.add(type);
    if (type.isUnionOrIntersection()) open.push(...type.types);
    open.push(...checker.getTypeArguments(type as ts.TypeReference), ...(type.aliasTypeArguments ?? []));
    const constraint = type.isTypeParameter() ? checker.getBaseConstraintOfType(type) : undefined;
    if (constraint) open.push(constraint);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      open.push(signature.getReturnType());
      for (const parameter of signature.getParameters()) open.push(checker.getTypeOfSymbol(parameter));
    }
    const owner = (type.aliasSymbol ?? type.getSymbol())?.name ?? "";
    for (const member of checker.getPropertiesOfType(type).filter(isOurs)) {
      found.add(`${owner}.${member.name}`);
      open.push(checker.getTypeOfSymbol(member));
    }
  }
  return [...found];
}
