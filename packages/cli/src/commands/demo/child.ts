/** Another process of this same command, whose lines are read and which never outlives the demo. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Failure } from "../../failure.ts";
import { packageFile } from "../../package-file.ts";

const ENTRY = packageFile("bin/nakadi.js");
/** How long a process that was asked to end may take. */
const END_MS = 3_000;

export class Child {
  readonly name: string;
  /** Rejects when the process ends before `end`. */
  readonly died: Promise<never>;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #ending = false;
  #complaint = "";

  /** @param line called with each line of its standard output */
  constructor(name: string, args: readonly string[], line: (text: string) => void) {
    this.name = name;
    this.#process = spawn(process.execPath, [ENTRY, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.#exited = once(this.#process, "close");
    this.#process.stdin?.on("error", () => undefined);
    this.#process.stderr?.on("data", (chunk: Buffer) => (this.#complaint += chunk.toString()));
    if (this.#process.stdout) createInterface(this.#process.stdout).on("line", line);
    this.died = new Promise((_, reject) => {
      const fail = (how: string): void => {
        if (!this.#ending) reject(new Failure(`the ${name} ended unexpectedly (${how}). ${this.#complaint.trim()}`));
      };
      this.#process
        .on("error", (error) => fail(error.message))
        .on("close", (code, signal) => fail(signal ?? `exit code ${code}`));
    });
    // A rejection that no caller waits for is not an error.
    this.died.catch(() => undefined);
  }

  /** Ends its standard input and waits until it is gone. */
  async endInput(): Promise<void> {
    this.#ending = true;
    this.#process.stdin?.end();
    await this.#gone();
  }

  /** Sends a signal and waits until it is gone. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#ending = true;
    this.#process.kill(signal);
    await this.#gone();
  }

  async #gone(): Promise<void> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), END_MS);
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.#exited;
    clearTimeout(timer);
  }
}
