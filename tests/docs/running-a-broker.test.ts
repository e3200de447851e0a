/** docs/running-a-broker.md: its commands run as they stand, and the metrics that it names are those that there are. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startBroker } from "nakadi-broker";
import { expect, it, onTestFinished } from "vitest";
import { restartPort } from "nakadi-testing";
import { BIN } from "../support/command.ts";

const run = promisify(execFile);
const guide = await readFile(new URL("../../docs/running-a-broker.md", import.meta.url), "utf8");
const port = await restartPort();
const scripts = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, script = ""]) => script);

it("its commands start, back up, stop, restore and verify a broker, and make the nightly backup", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-guide-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // `npx` of a package that is not published: the command of this repository.
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${BIN}" "$@"\n`, {
    mode: 0o755,
  });
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
  const [trial = "", nightly = ""] = scripts.map((script) => script.replaceAll("18080", String(port)));
  const { stdout } = await run("bash", ["-e", "-c", trial], { cwd: folder, env });
  expect(stdout).toMatch(/^nakadi broker listening on /);
  expect(stdout).toContain("OK");
  expect(stdout).toMatch(/\.\/nakadi-data is backed up in \.\/backup: .*\n(?:\.\/restored is not damaged: .*\n){2}$/);
  await run("bash", ["-e", "-c", nightly], { cwd: folder, env });
  expect(await readdir(join(folder, "backups"))).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d$/)]);
});

it("names each metric that there is", async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.close());
  for (const path of ["/health", "/none", "/metrics"]) await (await fetch(broker.url + path)).text();
  const metrics = (await (await fetch(`${broker.url}/metrics`)).json()) as { gauges: object; counters: object };
  const names = [...Object.keys(metrics.gauges), ...Object.keys(metrics.counters)];
  expect(names).toEqual(expect.arrayContaining(["memory.heap.used", "responses.2xx", "responses.4xx"]));
  for (const name of names) expect(guide).toContain(`\`${name}\``);
});
