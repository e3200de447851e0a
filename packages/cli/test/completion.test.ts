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

function completed(shell: string, load: string, words: readonly string[]): string {
  const typed = words.map((word) => `"${word}"`).join(" ");
  const run = `${load}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _nakadi; echo "\${COMPREPLY[@]}"`;
  return output(shell, run);
}

function output(shell: string, run: string, env = process.env): string {
  return execFileSync(shell, ["-c", run], { env }).toString().trim();
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

describe("nakadi completion", () => {
  const OFFERS: [typed: string[], offered: string][] = [
    [["nakadi", "comp"], "completion"],
    [["nakadi", "context", ""], "add use list remove --help"],
    [["nakadi", "context", "add", "--token-p"], "--token-plain"],
    [["nakadi", "context", "list", "-o", "j"], "json"],
    [["nakadi", "context", "list", "--output", ""], "table wide json ndjson yaml"],
    [["nakadi", "completion", "z"], "zsh"],
    [["nakadi", "publish", "--dry"], "--dry-run"],
    [["nakadi", "publish", "order.created", "--dry"], "--dry-run"],
  ];

  it.each(OFFERS)("bash: %j offers %s", async (words, offered) => {
    expect(completed("bash", `source ${await script("bash")}`, words)).toBe(offered);
  });

  it.skipIf(!isInstalled("zsh")).each(OFFERS)("zsh: %j offers %s (needs zsh)", async (words, offered) => {
    // The registration needs an interactive shell, in which zsh itself leaves out words that begin otherwise.
    const load = `compdef() { :; }; source ${await script("zsh")}; emulate sh`;
    const fitting = completed("zsh", load, words)
      .split(" ")
      .filter((word) => word.startsWith(words.at(-1) ?? ""));
    expect(fitting.sort()).toEqual(offered.split(" ").sort());
  });

  it.skipIf(!isInstalled("fish")).each(OFFERS)("fish: %j offers %s (needs fish)", async (words, offered) => {
    const env = { ...process.env, HOME: temporaryDirectory() };
    const run = `source ${await script("fish")}; complete -C '${words.join(" ")}'`;
    const lines = output("fish", run, env).split("\n");
    // Flags only where a dash was typed.
    const wanted = offered.split(" ").filter((word) => word !== "--help");
    expect(lines.map((line) => line.replace(/\t.*/, "")).sort()).toEqual(wanted.sort());
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
