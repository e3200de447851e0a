/** What the README promises, run as it is printed. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { startBroker } from "nakadi-broker";
import { expect, it, onTestFinished, vi } from "vitest";

const run = promisify(execFile);

it("the README's curl session works as printed", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, session] = /<!-- session:.*-->\s+```sh\n([^]*?)```/.exec(readme) ?? [];
  if (session === undefined) throw new Error("The README has no session.");
  const broker = await startBroker();
  onTestFinished(() => broker.close());
  const { stdout } = await run("bash", ["-euc", session.replaceAll("http://localhost:8080", broker.url)]);
  expect(stdout).toContain("HTTP/1.1 201 Created");
  expect(stdout.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(stdout).toMatch(
    /"events":\[\{"order":"first"\},\{"order":"second"\}\],"info":\{"debug":"Stream started"\}\}\n/,
  );
  expect(stdout).toMatch(/"info":\{"debug":"Commit timeout reached"\}\}\n$/);
});

it("the example of the first event runs", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  await import("../../examples/first-event.ts");
  expect(log.mock.calls).toEqual([
    ["001-0001-000000000000000002", [{ order: "first" }, { order: "second" }, { order: "third" }]],
  ]);
});
