/** A shell in which `nakadi` is the command as it was built, in an empty folder, with a broker to talk to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { BIN } from "./command.ts";

interface ShellRun {
  process: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when the outputs together match; fails when it ends before. */
  seen(pattern: RegExp): Promise<void>;
  /** Sends it, and all that it has started, a signal. */
  kill(signal: NodeJS.Signals): void;
  type(text: string): void;
  exited: Promise<number | NodeJS.Signals | null>;
}

export interface Shell {
  folder: string;
  run(commands: string): ShellRun;
  /** The same on a terminal of its own: what it prints is in `stdout`, as it comes. */
  onTerminal(command: string): ShellRun;
}

export function shellFor(url: string, env: Readonly<Record<string, string>> = {}): Shell {
  const folder = mkdtempSync(join(tmpdir(), "nakadi-shell-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "nakadi"), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`, { mode: 0o755 });
  const surroundings = {
    PATH: `${folder}:${process.env["PATH"] ?? ""}`,
    HOME: folder,
    TERM: "xterm-256color",
    NAKADI_URL: url,
    NAKADI_CONFIG: join(folder, "config.json"),
    ...env,
  };
  const start = (program: string, args: readonly string[]): ShellRun =>
    running(spawn(program, args, { cwd: folder, env: surroundings, stdio: "pipe", detached: true }));
  return {
    folder,
    run: (commands) => start("bash", ["-c", commands]),
    onTerminal: (command) => start("script", ["-qec", `exec ${command}`, "/dev/null"]),
  };
}

/** A broker's data in `nakadi-data`. */
export async function dataDirectory({ run }: Shell): Promise<void> {
  const broker = run("exec nakadi broker --port 0 --data ./nakadi-data");
  await broker.seen(/listening/);
  broker.kill("SIGTERM");
  await broker.exited;
}

function running(child: ChildProcess): ShellRun {
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It is gone.
    }
  };
  onTestFinished(() => kill("SIGKILL"));
  let [stdout, stderr, ended] = ["", "", false];
  let wake: () => void = () => undefined;
  const exited = once(child, "close").then(([code, signal]: unknown[]) => {
    ended = true;
    wake();
    return (code ?? signal) as number | NodeJS.Signals | null;
  });
  child.stdin?.on("error", () => undefined);
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    wake();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    wake();
  });
  return {
    process: child,
    exited,
    kill,
    type: (text) => void child.stdin?.write(text),
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    async seen(pattern) {
      while (!pattern.test(stdout + stderr)) {
        if (ended) throw new Error(`It ended without ${pattern}: ${stdout}${stderr}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
