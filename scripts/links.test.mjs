import { expect, it } from "vitest";
import { anchorsOf, brokenLinks } from "./links.mjs";

const OTHER =
  "# The other\n\n## What it is (X)\n\n## Again\n\n## Again\n\n```sh\n# no heading\n```\n\n## `code` & [a link](x.md)\n";
const files = (text) =>
  new Map([
    ["docs/one.md", text],
    ["docs/other.md", OTHER],
    ["src/file.ts", ""],
    ["src", ""],
  ]);
const broken = (text) => {
  const all = files(text);
  return brokenLinks(
    "docs/one.md",
    (path) => all.get(path),
    (path) => all.has(path),
  );
};

it("anchors are those of GitHub", () => {
  expect([...anchorsOf(OTHER)]).toEqual(["the-other", "what-it-is-x", "again", "again-1", "code--a-link"]);
});

it.each([
  "[a](other.md) and [b](./other.md#what-it-is-x), [c](../src/file.ts), [d](../src)",
  "# Here\n[e](#here) [f](https://example.org/none#x) [g](mailto:a@example.org)",
  "`[h](none.md)`\n\n    [i](none.md)\n\n```md\n[j](none.md)\n```\n",
  '[k](other.md "a title")\n\n[l]: other.md#again-1\n',
])("%j resolves", (text) => {
  expect(broken(text)).toEqual([]);
});

it.each([
  ["[a](none.md)", "docs/one.md: there is no docs/none.md (none.md)"],
  ["[a](other.md#no-heading)", "docs/one.md: docs/other.md has no heading #no-heading"],
  ["[a](#here)", "docs/one.md: docs/one.md has no heading #here"],
  ["[a](../../outside.md)", "docs/one.md: there is no ../outside.md (../../outside.md)"],
  ["[l]: none.md\n", "docs/one.md: there is no docs/none.md (none.md)"],
])("%j is found", (text, fault) => {
  expect(broken(text)).toEqual([fault]);
});
