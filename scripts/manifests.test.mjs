import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { faultsOf } from "./manifests.mjs";
import { readJson, root } from "./workspace.mjs";

it("the manifests of all packages agree on repository, licence and where faults are reported", () => {
  expect(faultsOf()).toEqual([]);
});

it("a release is refused as long as the address of the repository does not exist", () => {
  expect(faultsOf(root, { release: true })).toEqual([expect.stringContaining(".invalid")]);
});

it.each([
  ["another repository", { repository: { type: "git", url: "git+https://example.org/other.git" } }, '"repository"'],
  ["no keywords", { keywords: undefined }, '"keywords"'],
  ["no description", { description: undefined }, "description"],
])("a package with %s is found", (_, change, fault) => {
  const base = mkdtempSync(join(tmpdir(), "manifests-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  mkdirSync(join(base, "packages/client"), { recursive: true });
  for (const name of ["LICENSE", "packages/client/LICENSE", "packages/client/README.md"])
    cpSync(join(root, name), join(base, name));
  const manifest = { ...readJson(join(root, "packages/client/package.json")), ...change };
  writeFileSync(join(base, "packages/client/package.json"), JSON.stringify(manifest));
  expect(faultsOf(base)).toEqual([expect.stringContaining(fault)]);
});
