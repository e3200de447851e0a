/** A Node process of a run: its lines are read, it is killed, stopped and continued, and it never outlives this process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How it ended: an exit code or a signal. */
export type Ending = number | NodeJS.Signals;

export interface ChildOptions {
  env?: Readonly<Record<string, string>>;
  /** Options for Node itself. */
  nodeOptions?: readonly string[];
}

const COMPLAINT_CHARACTERS = 4_000;

export class Child {
  readonly name: string;
  readonly exited: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<RegExp, (match: RegExpExecArray) => void>();
  #ending: Ending | undefined;
  #complaint = "";

  constructor(
    name: string,
    script: string,
    args: readonly string[],
    { env = {}, nodeOptions = [] }: ChildOptions = {},
  ) {
    this.name = name;
    this.#process = spawn(process.execPath, [...nodeOptions, script, ...args], {
      // The end of its standard input tells it that this process is gone.
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.exited = once(this.#process, "close").then(([code, signal]: unknown[]) => {
      this.#ending = (code ?? signal) as Ending;
      return this.#ending;
    });
    this.#process.stdin?.on("error", () => undefined);
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-COMPLAINT_CHARACTERS);
    });
    if (this.#process.stdout) createInterface(this.#process.stdout).on("line", (line) => this.#take(line));
  }

  /** How it ended; undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** The end of what it wrote to standard error. */
  get complaint(): string {
    return this.#complaint.trim();
  }

  /** Resolves with the next line that matches. @throws {Error} if it ends before */
  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    const line = new Promise<RegExpExecArray>((resolve) => this.#waiting.set(pattern, resolve));
    const first = await Promise.race([line, this.exited]);
    if (typeof first === "object") return first;
    throw new Error(`${this.name} ended (${first}) without ${pattern}: ${this.complaint}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  endInput(): void {
    this.#process.stdin?.end();
  }

  /** SIGKILL reaches a stopped process too. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.exited;
  }

  #take(line: string): void {
    for (const [pattern, found] of this.#waiting) {
      const match = pattern.exec(line);
      if (!match) continue;
      this.#waiting.delete(pattern);
      found(match);
    }
  }
}
