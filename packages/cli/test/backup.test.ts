import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { brokerWithEvent } from "./data-directory.ts";
import { runCommand, temporaryDirectory } from "./run-command.ts";

describe("nakadi backup and restore", () => {
  it("copy a running broker's directory, show a person how far they are, and verify what they have made", async () => {
    const { directory } = await brokerWithEvent();
    const folder = temporaryDirectory();
    const [backup, restored] = [join(folder, "backup"), join(folder, "restored")];
    const made = runCommand(["backup", directory, backup], { isTTY: true });
    expect([await made.code, made.stdout.text]).toEqual([
      0,
      expect.stringMatching(/data is backed up in .*backup: \d+\.\d MB in \d+ files\n$/),
    ]);
    expect(made.stderr.text).toContain("backing up");
    const back = runCommand(["restore", backup, restored]);
    expect([await back.code, back.stderr.text]).toEqual([0, ""]);
    expect(back.stdout.text).toMatch(/restored is not damaged: 1 event of \d+ event types\n$/);
  });

  it("end with 130 by Ctrl-C, and leave nothing behind", async () => {
    const { directory } = await brokerWithEvent();
    const folder = temporaryDirectory();
    const { code, stdout, stderr, stop } = runCommand(["backup", directory, join(folder, "backup")]);
    stop("SIGINT");
    expect([await code, stdout.text, stderr.text]).toEqual([130, "", ""]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("say in one line what is in the way, and leave it alone", async () => {
    const { directory } = await brokerWithEvent();
    const other = join(temporaryDirectory(), "other");
    await mkdir(other);
    await writeFile(join(other, "notes.txt"), "precious");
    for (const [args, said] of [
      [["backup", other, join(other, "b")], "is not a data directory of nakadi"],
      [["backup", directory, other], "is not empty: it holds notes.txt"],
      [["backup", directory, join(directory, "b")], "lie in each other"],
      [["restore", directory, join(other, "b")], "is not a backup"],
    ] as const) {
      const { code, stdout, stderr } = runCommand([...args]);
      expect([await code, stdout.text]).toEqual([1, ""]);
      expect(stderr.text).toMatch(/^nakadi: .*\n$/);
      expect(stderr.text).toContain(said);
    }
    expect(await readdir(other)).toEqual(["notes.txt"]);
  });
});
