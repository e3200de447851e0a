/** A command of the shell that gets events on its standard input. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../context.ts";
import { firstOf } from "../first-of.ts";
import { OutputRelay } from "./output-relay.ts";

/** From SIGTERM until SIGKILL, for the command and each process that it has started. */
const GRACE_MS = 5_000;
/** How often is looked whether processes of an ended command are left. */
const LOOK_MS = 50;

export interface ShellInput {
  stdin: Uint8Array;
  env: Readonly<Record<string, string>>;
}

/**
 * Resolves when the command has exited with 0 and what it wrote until then has been taken. A process that it has started may
 * outlive it, with the same output: it is left alone.
 * @param signal ends the command, and all that it has started; what ignores SIGTERM may outlive the call for a few seconds
 * @throws {Error} that says how else it ended; the signal's reason
 */
export async function runShell(
  command: string,
  { stdin, env }: ShellInput,
  { stdout, stderr, env: inherited }: Pick<Context, "stdout" | "stderr" | "env">,
  signal: AbortSignal,
): Promise<void> {
  // A reader that is slow, or stopped, takes first what the commands before have written.
  await firstOf(Promise.all([stdout.drained(), stderr.drained()]), signal, Infinity);
  signal.throwIfAborted();
  // A process group of its own: Ctrl-C reaches only this process, and a signal to the group reaches all that the command has started.
  const child = spawn(command, { shell: true, detached: true, env: { ...inherited, ...env }, stdio: "pipe" });
  const kill = (how: NodeJS.Signals | 0): boolean => signalGroup(child.pid, how);
  const killNow = (): void => void kill("SIGKILL");
  let killed: Promise<void> | undefined;
  const abort = (): void => void (killed ??= endGroup(kill));
  signal.addEventListener("abort", abort, { once: true });
  // The command does not outlive this process.
  process.once("exit", killNow);
  const relays = [new OutputRelay(child.stdout, stdout), new OutputRelay(child.stderr, stderr)];
  // The command learns from a closed pipe, as in a pipeline, that nothing is read any more.
  const closePipe = (): void => void child.stdout.destroy();
  stdout.closed.addEventListener("abort", closePipe, { once: true });
  // A command that reads nothing closes its end: how it exits is what counts.
  child.stdin.on("error", () => undefined).end(stdin);
  try {
    const [code, endedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on("error", reject).on("exit", (...how) => resolve(how));
    });
    signal.throwIfAborted();
    await firstOf(Promise.all(relays.map((relay) => relay.caughtUp())), signal, Infinity);
    signal.throwIfAborted();
    if (code !== 0)
      throw new Error(endedBy ? `the command was ended by ${endedBy}` : `the command exited with ${code}`);
  } finally {
    signal.removeEventListener("abort", abort);
    stdout.closed.removeEventListener("abort", closePipe);
    // A process that ignores SIGTERM outlives the shell that has started it.
    void Promise.resolve(killed).then(() => process.off("exit", killNow));
    child.stdin.destroy();
    for (const relay of relays) relay.leave();
  }
}

/** SIGTERM, and SIGKILL for the processes that are left when the time of grace is over. */
async function endGroup(kill: (how: NodeJS.Signals | 0) => boolean): Promise<void> {
  kill("SIGTERM");
  for (let waitedMs = 0; waitedMs < GRACE_MS && kill(0); waitedMs += LOOK_MS)
    await sleep(LOOK_MS, undefined, { ref: false });
  kill("SIGKILL");
}

/** Whether there is a process to signal. */
function signalGroup(pid: number | undefined, how: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, how);
  } catch {
    return false;
  }
}
