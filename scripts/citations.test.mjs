import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { readProtocol, sectionsOf, unresolved } from "./citations.mjs";
import { filesBelow, root } from "./workspace.mjs";

const SOURCES = ["packages", "chaos", "tests", "bench", "examples", "scripts"];

it("each citation of the protocol resolves to a section of docs/protocol.md", () => {
  const sections = sectionsOf(readProtocol());
  const faults = SOURCES.flatMap((folder) => filesBelow(join(root, folder)))
    .filter((path) => /\.[cm]?[jt]s$/.test(path) && !path.endsWith("citations.test.mjs"))
    .flatMap((path) =>
      unresolved(readFileSync(path, "utf8"), sections).map((section) => `${relative(root, path)}: protocol ${section}`),
    );
  expect(faults).toEqual([]);
});

it("a citation of what is not there is found, in lists too", () => {
  const sections = sectionsOf("# 1. One\n## 1.2 Two (X)\n# Appendix A. More\n## A.1 State\n");
  expect([...sections]).toEqual(["1", "1.2", "A", "A.1"]);
  expect(unresolved("(protocol 1.2, 1.3 and 1; protocol A.1) and protocol 2", sections)).toEqual(["1.3", "2"]);
});
