import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "nakadi-broker";
import { describe, expect, it } from "vitest";
import { runCommand, temporaryDirectory } from "./run-command.ts";

const PAGE = 4_096;

/** Whether the page of this byte holds a record of an event type. */
function holdsRows(data: Buffer, at: number): boolean {
  const start = at - (at % PAGE);
  return data.subarray(start, start + PAGE).includes("owning_application");
}

async function stoppedBroker(): Promise<string> {
  const directory = join(temporaryDirectory(), "data");
  const broker = await startBroker({ storage: { directory } });
  await broker.stop();
  return directory;
}

describe("nakadi repair", () => {
  it("changes nothing where nothing is damaged", async () => {
    const directory = await stoppedBroker();
    const before = await readdir(directory);
    const { code, stdout, stderr } = runCommand(["repair", directory]);
    expect([await code, stdout.text, stderr.text]).toEqual([
      0,
      `${directory} is not damaged: 0 events, nothing to repair\n`,
      "",
    ]);
    expect(await readdir(directory)).toEqual(before);
  });

  it("saves what is left of a data file that was cut off, for the broker that has refused it", async () => {
    const directory = await stoppedBroker();
    await truncate(join(directory, "data.mdb"), 60_000);
    const refused = runCommand(["broker", "--port", "0", "--data", directory]);
    expect(await refused.code).toBe(1);
    expect(refused.stderr.text).toContain(`nakadi repair ${directory}`);
    const { code, stdout } = runCommand(["repair", directory]);
    expect(await code).toBe(0);
    expect(stdout.text).toContain(join(directory, "damaged-1.mdb"));
    const broker = runCommand(["broker", "--port", "0", "--data", directory]);
    await broker.stdout.seen(/listening/);
    broker.stop("SIGTERM");
    expect(await broker.code).toBe(0);
  });

  it.each([
    [
      "rows",
      (data: Buffer) =>
        Buffer.from(data.toString("latin1").replaceAll("owning_application", "owning-application"), "latin1"),
    ],
    ["pages", (data: Buffer) => data.map((byte, at) => (at % PAGE > 200 && holdsRows(data, at) ? byte ^ 1 : byte))],
  ])("a broker refuses damaged %s, and names the repair", async (_what, damage) => {
    const directory = await stoppedBroker();
    const file = join(directory, "data.mdb");
    await writeFile(file, damage(await readFile(file)));
    await rm(join(directory, "clean-stop.json"));
    const { code, stdout, stderr } = runCommand(["broker", "--port", "0", "--data", directory]);
    expect([await code, stdout.text]).toEqual([1, ""]);
    expect(stderr.text).toMatch(
      /^nakadi: the data in .* is damaged \(.*\)\. To check and repair it: nakadi repair .*\n$/,
    );
    expect(stderr.text).not.toContain("listen");
  });

  it("shows a person how far it is, on standard error", async () => {
    const directory = await stoppedBroker();
    await truncate(join(directory, "data.mdb"), 60_000);
    const { code, stderr } = runCommand(["repair", directory], { isTTY: true });
    expect(await code).toBe(0);
    expect(stderr.text).toContain("repairing");
  });

  it.each([
    ["of another program", { "notes.txt": "precious" }, "is not a data directory of nakadi: it holds notes.txt"],
    ["that is empty", {}, "is not a data directory of nakadi"],
    ["with nothing to save", { "nakadi.json": "{}", "data.mdb": "nothing" }, "nothing can be saved"],
    ["of a newer version", { "nakadi.json": `{"format":99}`, "data.mdb": "" }, "format 99"],
  ])("leaves a directory %s alone, and says why in one line", async (_, files, message) => {
    const directory = join(temporaryDirectory(), "other");
    await mkdir(directory);
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const { code, stdout, stderr } = runCommand(["repair", directory]);
    expect([await code, stdout.text]).toEqual([1, ""]);
    expect(stderr.text).toMatch(/^nakadi: .*\n$/);
    expect(stderr.text).toContain(message);
    expect((await readdir(directory)).filter((name) => name !== "nakadi.lock").sort()).toEqual(
      Object.keys(files).sort(),
    );
  });

  it("of a directory that is not there makes none", async () => {
    const folder = temporaryDirectory();
    const { code, stderr } = runCommand(["repair", join(folder, "none")]);
    expect([await code, stderr.text]).toEqual([1, `nakadi: there is no directory ${join(folder, "none")}\n`]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("leaves everything as it was when it is interrupted", async () => {
    const directory = await stoppedBroker();
    await truncate(join(directory, "data.mdb"), 60_000);
    const before = await readdir(directory);
    const { code, stdout, stop } = runCommand(["repair", directory]);
    stop("SIGINT");
    expect([await code, stdout.text]).toEqual([130, ""]);
    expect(await readdir(directory)).toEqual(before);
  });
});
