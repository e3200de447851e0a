import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { runCommand } from "./run-command.ts";

async function file(text: string, name = "broker.yaml"): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "nakadi-config-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

/** Starts a broker, says what it makes of two partitions and a commit timeout of 6 s, and stops it. */
async function observed(...args: string[]): Promise<{ line: string; partitions: number; longCommit: number }> {
  const { code, stdout, stop } = runCommand(["broker", ...args]);
  await stdout.seen(/\n/);
  const [, url = ""] = /(http:\S+)/.exec(stdout.text) ?? [];
  const post = (path: string, body: object): Promise<Response> =>
    fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const statistic = { messages_per_minute: 1, message_size: 1, read_parallelism: 12, write_parallelism: 1 };
  const schema = { type: "json_schema", schema: "{}" };
  await post("/event-types", {
    name: "e",
    owning_application: "a",
    category: "undefined",
    schema,
    default_statistic: statistic,
  });
  const partitions = (await (await fetch(`${url}/event-types/e/partitions`)).json()) as unknown[];
  const created = (await (await post("/subscriptions", { owning_application: "a", event_types: ["e"] })).json()) as {
    id: string;
  };
  const { status } = await fetch(`${url}/subscriptions/${created.id}/events?commit_timeout=6&stream_timeout=1`);
  stop("SIGTERM");
  expect(await code).toBe(0);
  return { line: stdout.text, partitions: partitions.length, longCommit: status };
}

describe("nakadi broker takes its settings", () => {
  it("from a file of YAML", async () => {
    const config = await file("port: 0\nprofile: acceptance\nlimits:\n  maxPartitions: 10\ndata: ./kept\n");
    const { line, ...rest } = await observed("--config", config);
    expect(line).toContain(`(data: ${config.replace("broker.yaml", "kept")})`);
    expect(rest).toEqual({ partitions: 10, longCommit: 422 });
  });

  it("from a file of JSON, which flags beat", async () => {
    const config = await file('{ "port": 70000, "data": "kept", "limits": { "maxPartitions": 10 } }', "broker.json");
    const flags = ["--port", "0", "--memory", "--profile", "acceptance", "--limit", "maxPartitions=9"];
    const more = ["--limit", "maxCommitTimeoutSeconds=6"];
    const { line, ...rest } = await observed("--config", config, ...flags, ...more);
    expect(line).toContain("(memory)");
    expect(rest).toEqual({ partitions: 9, longCommit: 200 });
  });
});

it("nakadi broker keeps everything where the URL of a storage says", async () => {
  const config = await file("storage: 'memory:'");
  const directory = config.replace("broker.yaml", "kept");
  for (const [url, shown] of [
    [`directory:${directory}`, "directory"],
    [String(pathToFileURL(directory)), "file"],
    ["memory:", "memory"],
  ] as const) {
    const { line } = await observed("--config", config, "--port", "0", "--storage", url);
    expect(line).toContain(`(${shown})`);
  }
  expect(existsSync(directory)).toBe(true);
});

describe("nakadi broker refuses", () => {
  it.each<[file: string, message: string]>([
    [
      "limit: {}",
      "there is no setting limit; there are: host, port, data, storage, profile, limits, deletableSubscription; did you mean limits?",
    ],
    ["limits: 8", "limits must be a map"],
    ["- a", "it must be a map of settings"],
    ["a: [", "Flow sequence"],
    ["data: 7", "data must be the name of a directory"],
    ["storage: 7", "storage must be a URL"],
    ["{ data: d, storage: 'directory:d' }", "data and storage cannot be given together"],
    ["storage: paper", "storage must be"],
    ["port: 8080.5", "port must be a whole number from 0 to 65535"],
    ["profile: fast", "profile must be one of default, acceptance"],
    ["limits: { maxPartitions: 0 }", "limits.maxPartitions must be a whole number from 1 to 1000, not 0"],
    ["limits: { maxPartition: 1 }", "limits.maxPartition is not a limit"],
    ["deletableSubscription: {}", "deletableSubscription.owningApplication must be a text"],
  ])("the file %j with status 2 and one line", async (text, message) => {
    const { code, stdout, stderr } = runCommand(["broker", "--config", await file(text)]);
    expect([await code, stdout.text]).toEqual([2, ""]);
    expect(stderr.text).toContain(message);
    expect(stderr.text.trimEnd()).not.toContain("\n");
  });

  it.each([
    [["--config", "/nowhere/at/all"], "cannot read /nowhere/at/all"],
    [["--limit", "maxPartitions"], "it takes NAME=NUMBER"],
    [["--limit", "maxPartitions=2000"], "from 1 to 1000, not 2000"],
    [["--storage", "paper"], "storage must be"],
    [["--storage", "paper://me:secret@host"], "storage paper: needs the package nakadi-paper"],
    [["--storage", "memory:", "--memory"], "cannot be used with"],
    [["--storage", "memory:", "--data", "d"], "cannot be used with"],
    [["--profile", "fast"], "Allowed choices are default, acceptance"],
  ])("%j with status 2", async (args, message) => {
    const { code, stderr } = runCommand(["broker", "--port", "0", ...args]);
    expect(await code).toBe(2);
    expect(stderr.text).toContain(message);
    expect(stderr.text).not.toContain("secret");
  });
});
