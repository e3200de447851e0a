import { mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "nakadi-broker";
import { describe, expect, it } from "vitest";
import { brokerWithEvent } from "./data-directory.ts";
import { runCommand, temporaryDirectory } from "./run-command.ts";

async function stoppedBroker(): Promise<string> {
  const { broker, directory } = await brokerWithEvent();
  await broker.stop();
  return directory;
}

/** Of one that has written to its snapshot. */
async function damagedDirectory(): Promise<string> {
  const directory = await stoppedBroker();
  const snapshot = join(directory, "snapshot");
  const handle = await open(snapshot, "r+");
  await handle.write(Buffer.alloc(16, "!"), 0, 16, (await stat(snapshot)).size - 200);
  await handle.close();
  return directory;
}

async function contents(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory, { recursive: true })).sort();
  const files: Record<string, string> = {};
  for (const name of names)
    if ((await stat(join(directory, name))).isFile())
      files[name] = (await readFile(join(directory, name))).toString("latin1");
  return files;
}

describe.each(["verify", "repair"])("nakadi %s", (command) => {
  it("changes nothing where nothing is damaged", async () => {
    const directory = await stoppedBroker();
    const before = await contents(directory);
    const { code, stdout, stderr } = runCommand([command, directory]);
    expect([await code, stderr.text]).toEqual([0, ""]);
    expect(stdout.text).toMatch(/ is not damaged: 1 event of [0-9]+ event types\n$/);
    expect(await contents(directory)).toEqual(before);
  });

  it("shows a person how far it is, on standard error", async () => {
    const { code, stderr } = runCommand([command, await damagedDirectory()], { isTTY: true });
    expect(await code).toBe(command === "verify" ? 1 : 0);
    expect(stderr.text).toContain(command === "verify" ? "verifying" : "repairing");
  });

  it.each([
    ["of another program", { "notes.txt": "precious" }, "is not a data directory of nakadi"],
    ["that is empty", {}, "is not a data directory of nakadi"],
    ["of a newer version", { format: `{"format":99}` }, "format 99"],
  ])("leaves a directory %s alone, and says why in one line", async (_, files, message) => {
    const directory = join(temporaryDirectory(), "other");
    await mkdir(directory);
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const { code, stdout, stderr } = runCommand([command, directory]);
    expect([await code, stdout.text]).toEqual([1, ""]);
    expect(stderr.text).toMatch(/^nakadi: .*\n$/);
    expect(stderr.text).toContain(message);
    expect(await contents(directory)).toEqual(files);
  });

  it("of a directory that is not there makes none", async () => {
    const folder = temporaryDirectory();
    const { code, stderr } = runCommand([command, join(folder, "none")]);
    expect([await code, stderr.text]).toEqual([1, `nakadi: there is no directory ${join(folder, "none")}\n`]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("of a directory that a broker uses says so", async () => {
    const directory = join(temporaryDirectory(), "data");
    const broker = await startBroker({ storage: { directory } });
    const { code, stderr } = runCommand([command, directory]);
    expect([await code, stderr.text]).toEqual([1, expect.stringContaining("another broker") as string]);
    await broker.close();
  });
});

it("nakadi verify says what is damaged and leaves it, nakadi repair makes a broker start again", async () => {
  const directory = await damagedDirectory();
  const before = await contents(directory);
  const verify = runCommand(["verify", directory]);
  expect(await verify.code).toBe(1);
  expect(verify.stdout.text).toMatch(/ is damaged\. "nakadi repair .*\n {2}kept {2}.*\n {2}lost {2}snapshot, /);
  expect(await contents(directory)).toEqual(before);
  const refused = runCommand(["broker", "--port", "0", "--data", directory]);
  expect(await refused.code).toBe(1);
  expect(refused.stderr.text).toContain(`nakadi repair ${directory}`);
  const repair = runCommand(["repair", directory]);
  expect(await repair.code).toBe(0);
  expect(repair.stdout.text).toContain("was damaged. A broker can start now");
  const broker = runCommand(["broker", "--port", "0", "--data", directory]);
  await broker.stdout.seen(/listening/);
  broker.stop("SIGTERM");
  expect(await broker.code).toBe(0);
});
