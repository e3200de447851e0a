/** Each example of `nakadi … --help`, run as it is printed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { orders } from "../support/orders.ts";
import { dataDirectory, type Shell, shellFor } from "../support/shell.ts";

const DOCUMENT = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
/** What stands for a subscription in the texts. */
const EXAMPLE_ID = "4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11";

/** docs/cli.md is held to be what help prints. */
const EXAMPLES = [...new Set([...DOCUMENT.matchAll(/^ {2}\$ (.*nakadi .*)$/gm)].map(([, example = ""]) => example))];

/** Those that go on until they are interrupted, and what is waited for. */
const ENDLESS: readonly { example: RegExp; shows: RegExp }[] = [
  { example: /^nakadi broker /, shows: /listening on http/ },
  { example: /^nakadi tail (?!.*--no-follow)/, shows: /"order":"order-5"/ },
  { example: /^nakadi consume /, shows: /order-5/ },
  { example: /^nakadi lag .*--watch/, shows: /UNCONSUMED/ },
];

/** Processes start slowly on a busy machine. */
const PATIENT = { timeout: 30_000 };

/** Those with a test of their own. */
const ELSEWHERE: Readonly<Record<string, string>> = { "nakadi demo": "demo.test.ts" };

/** What must be there before. */
const FIRST: Readonly<Record<string, (shell: Shell) => Promise<void>>> = {
  "nakadi repair ./nakadi-data": dataDirectory,
  "nakadi verify ./nakadi-data": dataDirectory,
  "nakadi backup ./nakadi-data ./backups/monday": dataDirectory,
  "nakadi restore ./backups/monday ./restored": async (shell) => {
    await dataDirectory(shell);
    expect(await shell.run("nakadi backup ./nakadi-data ./backups/monday").exited).toBe(0);
  },
  "nakadi context use live": context("live"),
  "nakadi context use here": context("here"),
  "nakadi context remove here": context("here"),
};

it("there are examples of every command", () => {
  const commands = [...DOCUMENT.matchAll(/^## nakadi (\S+)/gm)].map(([, name = ""]) => name);
  const shown = EXAMPLES.map((example) => /nakadi (\S+)/.exec(example)?.[1]);
  expect(commands.filter((name) => !shown.includes(name))).toEqual([]);
});

it.each(EXAMPLES.filter((example) => !(example in ELSEWHERE)))("%s", async (example) => {
  const { broker, id } = await orders();
  const shell = shellFor(broker.url);
  await FIRST[example]?.(shell);
  const run = shell.run(example.replace(EXAMPLE_ID, id).replace("http://localhost:8080", broker.url));
  const endless = ENDLESS.find(({ example: pattern }) => pattern.test(example));
  if (!endless) {
    expect([await run.exited, run.stderr]).toEqual([0, expect.not.stringMatching(/nakadi: |error: /)]);
    return;
  }
  if (example.includes(">> orders.txt"))
    await expect.poll(() => contentOf(join(shell.folder, "orders.txt")), PATIENT).toMatch(endless.shows);
  else await run.seen(endless.shows);
  run.kill("SIGINT");
  expect([0, 130]).toContain(await run.exited);
});

function context(name: string): (shell: Shell) => Promise<void> {
  return async (shell) => {
    expect(await shell.run(`nakadi context add ${name} --url http://localhost:8080`).exited).toBe(0);
  };
}

function contentOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
