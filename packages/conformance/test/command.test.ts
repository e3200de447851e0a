/** The command line, as far as it needs no Nakadi. */
import { expect, it } from "vitest";
import { runCommand } from "../src/command.ts";
import { stories } from "../src/index.ts";
import { emptyServer } from "./empty-server.ts";

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const to = (name: "stdout" | "stderr") => ({ write: (text: string) => (written[name] += text) });
  const context = { stdout: to("stdout"), stderr: to("stderr"), env: {}, signal: new AbortController().signal };
  return { code: await runCommand(args, context), ...written };
}

it.each([
  [[], "give one URL"],
  [["localhost:8080"], "give one URL"],
  [["http://a", "http://b"], "give one URL"],
  [["http://a", "--jobs", "0"], "--jobs is a number from 1 to 64"],
  [["http://a", "--jobs", "x"], "--jobs is a number from 1 to 64"],
  [["http://a", "--only", "no such story"], "no story has such a name"],
  [["http://a", "--quick"], "--quick"],
])("%j is a usage error", async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^nakadi-conformance: [^\n]+\n$/);
  expect(stderr).toContain(message);
});

it("a server that cannot be reached is not a failed story", async () => {
  const { code, stdout, stderr } = await run("http://127.0.0.1:1");
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^nakadi-conformance: http:\/\/127\.0\.0\.1:1 cannot be reached: [^\n]+\n$/);
});

it("--list names the stories, and --only chooses among them", async () => {
  const all = await run("--list");
  expect([all.code, all.stdout.trim().split("\n")]).toEqual([0, stories.map(({ name, about }) => `${name}  ${about}`)]);
  const some = await run("--list", "--only", "window/", "--only", "opening/resume");
  expect(some.stdout.match(/^\S+/gm)?.toSorted()).toEqual([
    "opening/resume",
    "window/over-partitions",
    "window/pauses",
  ]);
});

it("--help says how it is used", async () => {
  expect(await run("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("nakadi-conformance URL") });
});

it("says of each story what is wrong, and fails", async () => {
  const { baseUrl } = await emptyServer();
  const plain = await run(baseUrl, "--only", "opening/resume");
  expect(plain.code).toBe(1);
  expect(plain.stdout).toMatch(
    /^FAIL {2}opening\/resume \(\d+ ms\)\n {6}POST \/event-types answered 204, not 201: \n0 passed, 1 failed\n$/,
  );
  const json = (await run(baseUrl, "--only", "opening/resume", "--json")).stdout.trim().split("\n");
  expect(json.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      story: "opening/resume",
      outcome: "failed",
      durationMs: expect.any(Number),
      error: expect.stringContaining("not 201"),
    },
    { passed: 0, failed: 1, skipped: 0 },
  ]);
});
