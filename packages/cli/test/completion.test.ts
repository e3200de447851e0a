import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, temporaryDirectory } from "./run-command.ts";

async function script(shell: string): Promise<string> {
  const { code, stdout } = runCommand(["completion", shell]);
  expect(await code).toBe(0);
  const file = join(temporaryDirectory(), `nakadi.${shell}`);
  writeFileSync(file, stdout.text);
  return file;
}

describe("nakadi completion", () => {
  it.each([
    [["nakadi", "comp"], "completion"],
    [["nakadi", "context", ""], "add use list remove --help"],
    [["nakadi", "context", "list", "-o", "j"], "json"],
    [["nakadi", "context", "list", "--output", ""], "table wide json ndjson yaml"],
    [["nakadi", "completion", "z"], "zsh"],
    [["nakadi", "publish", "--dry"], "--dry-run"],
    [["nakadi", "publish", "order.created", "--dry"], "--dry-run"],
  ])("bash: %j offers %s", async (words, expected) => {
    const file = await script("bash");
    const typed = words.map((word) => `"${word}"`).join(" ");
    const run = `source ${file}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _nakadi; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync("bash", ["-c", run]).toString().trim()).toBe(expected);
  });

  it.each(["zsh", "fish"])("%s takes the script, where that shell is installed", async (shell) => {
    const file = await script(shell);
    const { error, status, stderr } = spawnSync(shell, ["--no-execute", file]);
    if (error) return; // not installed
    expect([status, stderr.toString()]).toEqual([0, ""]);
  });

  it("fish: each command's flags belong to that command", async () => {
    const { code, stdout } = runCommand(["completion", "fish"]);
    expect(await code).toBe(0);
    expect(stdout.text).toContain("complete -c nakadi -n '__fish_seen_subcommand_from publish' -l dry-run -d");
  });

  it("names the shells that there are", async () => {
    const { code, stderr } = runCommand(["completion", "tcsh"]);
    expect(await code).toBe(2);
    expect(stderr.text).toContain("Allowed choices are bash, zsh, fish");
  });
});
