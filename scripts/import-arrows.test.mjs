import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findings } from "./import-arrows.mjs";

function tree(files) {
  const base = mkdtempSync(join(tmpdir(), "arrows-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  for (const name of ["protocol", "client", "broker"]) {
    mkdirSync(join(base, "packages", name, "src"), { recursive: true });
    writeFileSync(join(base, "packages", name, "package.json"), '{ "exports": { ".": {}, "./public": {} } }');
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  return base;
}

const PURE = "/**\n * What it is.\n * @pure\n */\n";

it.each([
  ["a wrong arrow", { "packages/client/src/a.ts": 'import { startBroker } from "nakadi-broker";' }],
  ["a wrong arrow of a type", { "packages/client/src/a.ts": 'import type { Broker } from "nakadi-broker";' }],
  ["a wrong arrow over lines", { "packages/client/src/a.ts": 'import {\n  startBroker,\n} from "nakadi-broker";' }],
  ["a wrong arrow in an export", { "packages/client/src/a.ts": 'export { startBroker } from "nakadi-broker";' }],
  ["a wrong arrow in a test", { "packages/broker/src/a.test.ts": 'import { NakadiClient } from "nakadi-client";' }],
  ["a wrong arrow at runtime", { "packages/protocol/src/a.ts": 'const x = await import("nakadi-client");' }],
  ["a path into another package", { "packages/client/src/a.ts": 'import { x } from "../../broker/src/x.ts";' }],
  ["a path out of a package", { "packages/client/src/a.ts": 'import { x } from "../../../tests/x.ts";' }],
  ["a path into a package", { "tests/a.test.ts": 'import { x } from "../packages/broker/src/x.ts";' }],
  ["a name that is not exported", { "bench/a.mjs": 'import { x } from "nakadi-broker/src/x.ts";' }],
  ["an effect in a pure file", { "packages/client/src/a.ts": `${PURE}import fs from "node:fs";` }],
  ["an effect without its prefix", { "packages/client/src/a.ts": `${PURE}import fs from "fs";` }],
  ["an effect in the protocol", { "packages/protocol/src/a.ts": 'import fs from "node:fs";' }],
  ["a library with effects", { "packages/client/src/a.ts": `${PURE}import { request } from "undici";` }],
  [
    "an impure file in a pure one",
    { "packages/client/src/a.ts": `${PURE}import { b } from "./b.ts";`, "packages/client/src/b.ts": "" },
  ],
  ["a name without shape", { "packages/client/src/utils.ts": "" }],
  ["a folder without shape", { "tests/helpers/a.ts": "" }],
  ["an export of everything", { "packages/client/src/a.ts": 'export * from "./b.ts";' }],
  ["a very long file", { "packages/client/src/a.ts": "\n".repeat(401) }],
])("%s is found", (_what, files) => {
  expect(findings(tree(files)).violations).toHaveLength(1);
});

it("a circle of imports is found, types included", () => {
  const files = {
    "packages/client/src/a.ts": 'import type { B } from "./b.ts";',
    "packages/client/src/b.ts": 'import { c } from "./c.ts";',
    "packages/client/src/c.ts": 'import type { A } from "./a.ts";',
  };
  expect(findings(tree(files)).violations).toEqual([
    "packages/client/src/a.ts: imports itself in a circle through packages/client/src/b.ts, packages/client/src/c.ts",
  ]);
});

it("what is allowed is let through", () => {
  const files = {
    "packages/client/src/a.ts": `${PURE}import { x } from "nakadi-protocol";\nimport type { Y } from "./y.ts";\nimport { z } from "./z.ts";`,
    "packages/client/src/a.test.ts": `${PURE}import { readFile } from "node:fs/promises";`,
    "packages/client/src/y.ts": 'import { readFile } from "node:fs/promises";\nimport manifest from "../package.json";',
    "packages/client/src/z.ts": PURE,
    "tests/a.test.ts":
      'import "nakadi-client";\nimport "nakadi-broker/public";\nimport "./support/b.ts";\nimport "../bench/c.mjs";',
    "bench/c.mjs": "\n".repeat(300),
  };
  expect(findings(tree(files))).toEqual({ violations: [], warnings: [] });
});

it("a long file is warned of", () => {
  const { violations, warnings } = findings(tree({ "packages/client/src/a.ts": "\n".repeat(301) }));
  expect({ violations, warnings }).toEqual({ violations: [], warnings: ["packages/client/src/a.ts: 301 lines"] });
});
