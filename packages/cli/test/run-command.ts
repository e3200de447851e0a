/** The command line inside the test's own process, with everything around it in the test's hands. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { anyOf, type Context, type Input, type Output } from "../src/context.ts";
import type { ExitCode, StopSignal } from "../src/exit-codes.ts";
import { runProgram } from "../src/program.ts";

export interface Captured extends Output {
  readonly text: string;
  /** Resolves with the first match of what was written. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  /** The reader goes away. */
  close(): void;
}

export interface RunningCommand {
  stdout: Captured;
  stderr: Captured;
  code: Promise<ExitCode>;
  stop(signal: StopSignal): void;
}

export interface Surroundings {
  env?: Record<string, string>;
  /** What standard input says; it is a terminal where it is left out. */
  stdin?: string | AsyncIterable<Uint8Array>;
  /** Whether a person watches the outputs. */
  isTTY?: boolean;
  /** How wide the terminal is. */
  columns?: number;
}

/** Runs `nakadi` with `args`, without the environment and the settings of the user that runs the tests. */
export function runCommand(args: readonly string[], surroundings: Surroundings = {}): RunningCommand {
  const { env = {}, stdin, isTTY = false, columns = 100 } = surroundings;
  const stop = new AbortController();
  onTestFinished(() => stop.abort("SIGTERM"));
  const [stdout, stderr] = [captured(isTTY, columns), captured(isTTY, columns)];
  const context: Context = {
    stdin: inputOf(stdin),
    stdout,
    stderr,
    env: { NAKADI_CONFIG: join(tmpdir(), "nakadi-no-such-directory", "config.json"), ...env },
    signal: anyOf(stop.signal),
  };
  return { stdout, stderr, code: runProgram(args, context), stop: (signal) => stop.abort(signal) };
}

/** A path for a file of contexts that ends with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "nakadi-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function captured(isTTY: boolean, columns: number): Captured {
  let text = "";
  let wake: () => void = () => undefined;
  const closed = new AbortController();
  return {
    isTTY,
    drained: () => Promise.resolve(),
    closed: closed.signal,
    close: () => closed.abort(),
    columns,
    rows: 10,
    get text() {
      return text;
    },
    write(more) {
      text += typeof more === "string" ? more : Buffer.from(more).toString();
      wake();
    },
    async seen(pattern) {
      for (;;) {
        const match = pattern.exec(text);
        if (match) return match;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

function inputOf(stdin: Surroundings["stdin"]): Input {
  const chunks = typeof stdin === "string" ? one(Buffer.from(stdin)) : stdin;
  return {
    isTTY: stdin === undefined,
    isDirectory: false,
    [Symbol.asyncIterator]: () => (chunks ?? nothing())[Symbol.asyncIterator](),
  };
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield chunk;
}

// oxlint-disable-next-line require-yield -- it says nothing
async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
}
