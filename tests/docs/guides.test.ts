/** Guides show passages of examples, which are compiled with everything else and run here. */
import { readdir, readFile } from "node:fs/promises";
import { NakadiClient } from "nakadi-client";
import { expect, it, onTestFinished, vi } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const names = (await readdir(new URL("docs/", ROOT))).filter((name) => name.endsWith(".md"));
const guides = await Promise.all(
  names.map(async (name) => ({ name, text: await readFile(new URL(`docs/${name}`, ROOT), "utf8") })),
);
const withExamples = guides
  .map((guide) => ({ ...guide, examples: [...guide.text.matchAll(/\]\(\.\.\/(examples\/[\w-]+\.ts)\)/g)] }))
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
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  await import("../../examples/administration.ts");
  const said = log.mock.calls as unknown[][];
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
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  await import("../../examples/stream.ts");
  expect(log.mock.calls).toEqual([["first"], ["second"]]);
});

it("each call that the comparison names is there", () => {
  const text = guides.find(({ name }) => name === "comparison.md")?.text ?? "";
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

/** A passage may stand deeper in its example than in the guide. */
function unindented(text: string): string {
  return text.replaceAll(/^ +/gm, "");
}
