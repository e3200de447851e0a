/** SPEC.md names the test of each rule; a test that was renamed leaves no rule without one. */
import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const FOLDERS = [
  "packages/client/test/",
  "packages/client/src/stream/",
  "packages/client/src/consumer/",
  "tests/stories/",
];

it("every test that SPEC.md names is there", async () => {
  const spec = await readFile(new URL("packages/client/SPEC.md", ROOT), "utf8");
  const rows = spec.match(/^\| \d+ \|.*$/gm) ?? [];
  const named = rows.flatMap((row) => [...row.matchAll(/\*([^*]+)\*/g)].map(([, name = ""]) => name));
  expect(named.length).toBeGreaterThan(10);
  const tests = (await Promise.all(FOLDERS.map(testsBelow))).join("\n");
  const missing = named.filter((name) => {
    const parts = name.split("…").map((part) => part.trim());
    return !tests.split("\n").some((line) => parts.every((part) => line.includes(part)));
  });
  expect(missing).toEqual([]);
});

async function testsBelow(folder: string): Promise<string> {
  const names = (await readdir(new URL(folder, ROOT), { recursive: true })).filter((name) => name.endsWith(".test.ts"));
  return (await Promise.all(names.map((name) => readFile(new URL(folder + name, ROOT), "utf8")))).join("\n");
}
