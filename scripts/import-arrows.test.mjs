import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { violations } from "./import-arrows.mjs";

function tree(files) {
  const base = mkdtempSync(join(tmpdir(), "arrows-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  for (const name of ["protocol", "client", "broker"]) {
    mkdirSync(join(base, "packages", name, "src"), { recursive: true });
    writeFileSync(join(base, "packages", name, "package.json"), "{}");
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, "packages", path)), { recursive: true });
    writeFileSync(join(base, "packages", path), text);
  }
  return base;
}

const PURE = "/**\n * What it is.\n * @pure\n */\n";

it.each([
  ["a wrong arrow", { "client/src/a.ts": 'import { startBroker } from "nakadi-broker";' }],
  ["a wrong arrow in a test", { "broker/src/a.test.ts": 'import { NakadiClient } from "nakadi-client";' }],
  ["a wrong arrow to a subpath", { "protocol/src/a.ts": 'const x = await import("nakadi-client/internal");' }],
  ["a path into another package", { "client/src/a.ts": 'import { x } from "../../broker/src/x.ts";' }],
  ["an effect in a pure file", { "client/src/a.ts": `${PURE}import fs from "node:fs";` }],
  ["an impure file in a pure one", { "client/src/a.ts": `${PURE}import { b } from "./b.ts";`, "client/src/b.ts": "" }],
  ["a name without shape", { "client/src/utils.ts": "" }],
  ["an export of everything", { "client/src/a.ts": 'export * from "./b.ts";' }],
  ["a very long file", { "client/src/a.ts": "\n".repeat(500) }],
])("%s is found", (_what, files) => {
  expect(violations(tree(files))).toHaveLength(1);
});

it("what is allowed is let through", () => {
  const files = {
    "client/src/a.ts": `${PURE}import { x } from "nakadi-protocol";\nimport type { Y } from "./y.ts";\nimport { z } from "./z.ts";`,
    "client/src/y.ts": 'import { readFile } from "node:fs/promises";',
    "client/src/z.ts": PURE,
  };
  expect(violations(tree(files))).toEqual([]);
});
