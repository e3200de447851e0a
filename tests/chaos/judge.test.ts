/** The judge as it is run by hand, in its short form; what it must find is planted. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { it, type TestContext, vi } from "vitest";

/** A machine that is busy with other tests lets everything take several times as long. */
vi.setConfig({ testTimeout: 600_000 });

interface Verdict {
  exitCode: number;
  text: string;
}

async function judge(
  { onTestFinished }: TestContext,
  command: "crash" | "chaos",
  ...args: readonly string[]
): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-test-"));
  const script = fileURLToPath(new URL(`../../chaos/dist/${command}.js`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, maxRetries: 10 });
  });
  let text = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [exitCode] = (await once(child, "close")) as [number];
  return { exitCode, text };
}

it.concurrent("a broker that is killed under load keeps what it has acknowledged", async (test) => {
  const { exitCode, text } = await judge(test, "crash", "--kills", "6", "--seed", "7");
  test.expect(text).toContain("Nothing was found. Seed 7.");
  test.expect(exitCode).toBe(0);
});

it.concurrent("a broker whose power is cut under load keeps what it has acknowledged", async (test) => {
  const { exitCode, text } = await judge(test, "crash", "--power", "20", "--seed", "7");
  test.expect(text).toContain("Nothing was found. Seed 7.");
  test.expect(exitCode).toBe(0);
});

it.concurrent("clients and a broker under faults of every kind keep every promise", async (test) => {
  const { exitCode, text } = await judge(test, "chaos", "--events", "2000", "--faults", "0", "--seed", "7");
  test.expect(text).toContain("Nothing was found.");
  test.expect(exitCode).toBe(0);
});

it.concurrent.for([
  ["acknowledge-before-write", "--kills", "4", /^(lost|changed-offset)/m],
  ["forget-commits", "--kills", "2", /^committed-again/m],
  ["no-sync", "--power", "4", /^(lost|changed-offset)|^DataDirectoryError/m],
] as const)("crash finds the bug %s", async ([plant, how, count, found], test) => {
  const { exitCode, text } = await judge(test, "crash", how, count, "--seed", "7", "--plant", plant);
  test.expect(text).toMatch(found);
  test.expect(exitCode).toBe(1);
});

it.concurrent.for([
  ["commit-when-received", /^committed-unhandled/m],
  ["append-backwards", /^key-order/m],
] as const)("chaos finds the bug %s", async ([plant, found], test) => {
  const { exitCode, text } = await judge(
    test,
    "chaos",
    "--events",
    "500",
    "--faults",
    "1",
    "--seed",
    "7",
    "--plant",
    plant,
  );
  test.expect(text).toMatch(found);
  test.expect(exitCode).toBe(1);
});

it.concurrent.for([
  ["crash", ["--kills", "many"], "--kills takes a whole number, not many"],
  ["crash", ["--plant", "nothing"], "There is no plant nothing; there are: acknowledge-before-write"],
  ["chaos", ["--orders", "1,x"], "--orders takes a whole number, not x"],
] as const)("%s %j is refused", async ([command, args, said], test) => {
  const { exitCode, text } = await judge(test, command, ...args);
  test.expect(text).toContain(said);
  test.expect(exitCode).toBe(2);
});
