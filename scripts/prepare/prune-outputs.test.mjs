import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { pruneOutputs } from "./prune-outputs.mjs";

it("removes the outputs of sources that are gone, and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "prune-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const written = ["index.js", "index.js.map", "deep/part.d.ts"];
  const stale = ["gone.js", "deep/gone.d.ts", ".tsbuildinfo"];
  for (const path of [...written, ...stale]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  pruneOutputs(
    folder,
    written.map((path) => join(folder, path)),
  );
  expect([...written, ...stale].filter((path) => existsSync(join(folder, path)))).toEqual(written);
});
