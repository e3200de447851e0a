import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { pruneOutputs } from "./prune-outputs.mjs";

it("removes the outputs of sources that are gone or excluded, and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "prune-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const options = {
    rootDir: "src",
    outDir: "dist",
    tsBuildInfoFile: "dist/.tsbuildinfo",
    composite: true,
    sourceMap: true,
  };
  const bundled = ["dist/chunk-1.js", "dist/chunk-1.js.map"];
  const made = ["dist/.tsbuildinfo", "dist/deep/a.js", "dist/deep/a.js.map", "dist/deep/a.d.ts"];
  const left = ["dist/gone.js", "dist/deep/gone.d.ts", "dist/deep/a.test.js", "dist/chunk-0.js"];
  const files = {
    "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["src"], exclude: ["src/**/*.test.ts"] }),
    ...Object.fromEntries(
      ["src/deep/a.ts", "src/deep/a.test.ts", ...made, ...bundled, ...left].map((path) => [path, ""]),
    ),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  pruneOutputs(
    folder,
    bundled.map((path) => join(folder, path)),
  );
  const there = [...made, ...bundled, ...left].filter((path) => existsSync(join(folder, path)));
  expect(there).toEqual([...made, ...bundled]);
});
