/** Guides and the packages' READMEs show passages of examples, which are compiled with everything else and run here. */
import { readdir, readFile } from "node:fs/promises";
import { NakadiClient } from "nakadi-client";
import { expect, it, onTestFinished, vi } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const names = [
  ...(await readdir(new URL("docs/", ROOT))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
  ...(await readdir(new URL("packages/", ROOT))).map((name) => `packages/${name}/README.md`),
];
const guides = await Promise.all(
  names.map(async (name) => ({ name, text: await readFile(new URL(name, ROOT), "utf8") })),
);
const withExamples = guides
  .map((guide) => ({ ...guide, examples: [...guide.text.matchAll(/\]\((?:\.\.\/)+(examples\/[\w-]+\.ts)\)/g)] }))
  .filter(({ examples }) => examples.length > 0);

it.each(withExamples)("each passage of $name stands in its example", async ({ text, examples }) => {
  const programs = await Promise.all(examples.map(([, path = ""]) => readFile(new URL(path, ROOT), "utf8")));
  const passages = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, passage = ""]) => passage);
  expect(passages.length).toBeGreaterThan(0);
  const stray = passages.filter(
    (passage) => !programs.some((program) => unindented(program).includes(unindented(passage))),
  );
  expect(stray).toEqual([]);
});

it("the example of administration runs, and says what it does", async () => {
  const said = await saidBy(() => import("../../examples/administration.ts"));
  expect(said[0]).toEqual([expect.stringMatching(/^create\n {2}\+ name: "order.created"\n/)]);
  expect(said).toContainEqual(["1.1.0", expect.any(String)]);
  expect(said.filter(([line]) => /^partition \d: [12] events, /.test(String(line)))).toHaveLength(2);
  expect(said).toContainEqual([
    { partition: expect.any(String), offset: expect.any(String) },
    expect.objectContaining({ order: "second" }),
  ]);
  expect(said.at(-1)).toEqual(["HTTP", 409, expect.stringContaining("as it has subscriptions")]);
});

it("the example of a stream runs", async () => {
  expect(await saidBy(() => import("../../examples/stream.ts"))).toEqual([["first"], ["second"]]);
});

it("the example of a test with faults runs", async () => {
  expect(await saidBy(() => import("../../examples/testing.ts"))).toEqual([["first"], ["second"]]);
});

it("the example of publishing runs, and says what it does", async () => {
  const said = await saidBy(() => import("../../examples/publishing.ts"));
  const eid = "[0-9a-f-]{36}";
  expect(said).toEqual([
    [[`submitted ${eid}`, `submitted ${eid}`].map((line) => expect.stringMatching(`^${line}$`) as unknown)],
    [0, "submitted", undefined, undefined],
    [1, "rejected", "validating", expect.stringContaining("total")],
    [{ submitted: 0, rejected: 0, aborted: 0, unknown: 0 }],
  ]);
});

it("the example of an outbox runs: what was placed is read, and what is against the schema is set aside", async () => {
  const said = await saidBy(() => import("../../examples/outbox.ts"));
  expect(said.map(([first]) => first)).toEqual(
    expect.arrayContaining(["refused:", "set aside:", "read:", "read:", { published: 2, rejected: 1, drained: true }]),
  );
  expect(said.filter(([first]) => first === "read:")).toEqual([
    ["read:", "first", 100],
    ["read:", "third", 300],
  ]);
  expect(said).toContainEqual(["set aside:", 2, expect.stringContaining("total")]);
  expect(said.at(-1)).toEqual([1, "row is left, set aside"]);
});

it("each call that the comparison names is there", () => {
  const text = guides.find(({ name }) => name === "docs/comparison.md")?.text ?? "";
  const calls = [...text.matchAll(/`(nakadi\.[\w.]+)`/g)].map(([, call = ""]) => call);
  expect(calls.length).toBeGreaterThan(30);
  const nakadi = new NakadiClient({ baseUrl: "http://localhost" });
  onTestFinished(() => nakadi.close());
  const missing = calls.filter((call) => {
    const [, ...path] = call.split(".");
    const found = path.reduce<unknown>(
      (value, member) => (value as Record<string, unknown> | undefined)?.[member],
      nakadi,
    );
    return typeof found !== "function";
  });
  expect(missing).toEqual([]);
});

/** What a program prints. */
async function saidBy(run: () => Promise<unknown>): Promise<unknown[][]> {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  await run();
  return log.mock.calls;
}

/** A passage may stand deeper in its example than in the guide. */
function unindented(text: string): string {
  return text.replaceAll(/^ +/gm, "");
}
