import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { install } from "./install.mjs";

const FITTING = {
  "package.json": { devDependencies: { a: "1" } },
  "packages/p/package.json": { dependencies: { b: "2" }, scripts: { any: "thing" } },
  "package-lock.json": {
    packages: {
      "": { devDependencies: { a: "1" } },
      "packages/p": { dependencies: { b: "2" } },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { version: "2.0.0" },
      "node_modules/other-platform": { version: "3.0.0", optional: true },
    },
  },
  "node_modules/.package-lock.json": {
    packages: {
      "packages/p": {},
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { version: "2.0.0" },
    },
  },
};

function isDone(changes) {
  const root = mkdtempSync(join(tmpdir(), "install-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "packages"));
  for (const [path, content] of Object.entries({ ...FITTING, ...changes })) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), JSON.stringify(content));
  }
  return install.isDone(root);
}

it("is done where everything fits", () => {
  expect(isDone({})).toBe(true);
});

it.each([
  ["no installation", { "node_modules/.package-lock.json": undefined }],
  ["a package that is missing", { "node_modules/.package-lock.json": { packages: {} } }],
  [
    "a package of another version",
    {
      "node_modules/.package-lock.json": {
        packages: {
          ...FITTING["node_modules/.package-lock.json"].packages,
          "node_modules/b": { version: "2.0.1" },
        },
      },
    },
  ],
  ["a new dependency", { "package.json": { devDependencies: { a: "1", c: "1" } } }],
  ["a dependency that is gone", { "packages/p/package.json": {} }],
  ["a new package", { "packages/q/package.json": { dependencies: { b: "2" } } }],
])("is to do with %s", (_what, changes) => {
  expect(isDone(changes)).toBe(false);
});
