import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, temporaryDirectory } from "./run-command.ts";

function commands() {
  const file = join(temporaryDirectory(), "nakadi", "config.json");
  return {
    file,
    async context(...args: string[]) {
      const { code, stdout, stderr } = runCommand(["context", ...args], { env: { NAKADI_CONFIG: file } });
      return { exit: await code, out: stdout.text, err: stderr.text };
    },
  };
}

describe("nakadi context", () => {
  it("keeps contexts; the first is the current one until another is used", async () => {
    const { context } = commands();
    await context("add", "here", "--url", "http://localhost:8080");
    await context("add", "live", "--url", "https://nakadi.example.org/api", "--token-file", "/meta/token");
    expect((await context("list")).out).toBe(
      "CURRENT  NAME  URL                             TOKEN\n" +
        "*        here  http://localhost:8080           -\n" +
        "-        live  https://nakadi.example.org/api  file:/meta/token\n",
    );
    expect(await context("use", "live")).toEqual({ exit: 0, out: "", err: "Commands talk to live from now on.\n" });
    const { out } = await context("list", "--output", "json");
    expect(JSON.parse(out)).toMatchObject([
      { name: "here", current: false },
      { name: "live", current: true },
    ]);
  });

  it("forgets a context, and which one was current", async () => {
    const { context } = commands();
    await context("add", "here", "--url", "http://localhost:8080");
    expect((await context("remove", "here")).exit).toBe(0);
    expect(await context("list", "-o", "ndjson")).toMatchObject({ exit: 0, out: "" });
  });

  it("its file is for its owner alone, and shows no token that was not asked to be there", async () => {
    const { context, file } = commands();
    await context("add", "live", "--url", "https://nakadi.example.org", "--token-command", "pass nakadi");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      current: "live",
      contexts: { live: { url: "https://nakadi.example.org", token: { command: "pass nakadi" } } },
    });
  });

  it("never prints a token", async () => {
    const { context } = commands();
    const { err } = await context("add", "live", "--url", "https://x.example", "--token-plain", "secret");
    const { out } = await context("list", "-o", "yaml");
    expect(err + out).not.toContain("secret");
    expect(out).toContain("stored in plain text");
  });

  it.each([
    [["use", "nowhere"], 2, 'there is no context "nowhere"'],
    [["remove", "nowhere"], 2, 'there is no context "nowhere"'],
    [["add", "a b", "--url", "http://x"], 2, "a context's name is letters"],
    [["add", "here", "--url", "localhost:8080"], 2, "looks like http://localhost:8080"],
    [["add", "here", "--url", "http://user:pass@x"], 2, "without name, password or query"],
    [["add", "here", "--url", "http://x", "--token-env", "A", "--token-file", "b"], 2, "cannot be used with"],
    [["add", "here"], 2, "--url"],
  ])("%j ends with %d and says why", async (args, exit, message) => {
    const { context } = commands();
    const result = await context(...args);
    expect(result.exit).toBe(exit);
    expect(result.err).toContain(message);
  });

  it.each([
    ["/proc/nakadi/contexts/config.json", "cannot write /proc/nakadi/contexts/config.json"],
    ["/dev/null/nakadi/config.json", "cannot read /dev/null/nakadi/config.json"],
  ])("says that there is no place for its file at %s", async (file, message) => {
    const args = ["context", "add", "here", "--url", "http://localhost:8080"];
    const { code, stderr } = runCommand(args, { env: { NAKADI_CONFIG: file } });
    expect([await code, stderr.text]).toEqual([1, expect.stringMatching(`^nakadi: ${message}: .+\n$`)]);
  });

  it("says that a file is not one of its own, and leaves it alone", async () => {
    const { context, file } = commands();
    await context("add", "here", "--url", "http://localhost:8080");
    writeFileSync(file, "{}");
    const { exit, err } = await context("add", "there", "--url", "http://localhost:8081");
    expect(exit).toBe(1);
    expect(err).toContain("is not a file of nakadi contexts");
    expect(readFileSync(file, "utf8")).toBe("{}");
  });
});
