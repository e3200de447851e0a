/** The broker of a run, as the `nakadi` command: killed and started again on the same directory and port. */
import { fileURLToPath } from "node:url";
import { restartPort } from "nakadi-testing";
import { type Plant, plantOptions } from "../plants/plant.ts";
import { Child } from "./child.ts";

const NAKADI = fileURLToPath(new URL("../../../packages/cli/bin/nakadi.js", import.meta.url));

/** Where the broker kills itself: at the `nth` passage of a named point. */
export interface FaultPoint {
  name: string;
  nth: number;
}

export class BrokerProcess {
  readonly #directory: string;
  #plant: Plant | undefined;
  #child: Child | undefined;
  #url = "";
  #port: number | undefined;
  #starts = 0;
  #serves: () => void = () => undefined;
  #up: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
    this.#goesDown();
  }

  /** The same for all its lives. */
  get url(): string {
    return this.#url;
  }

  /** Resolves when the broker serves; at once if it does. */
  get up(): Promise<void> {
    return this.#up;
  }

  /** Resolves when the present life has ended. */
  get died(): Promise<unknown> {
    return this.#child?.exited ?? Promise.resolve();
  }

  /**
   * @returns false if the fault point was reached during the start: the broker was started again without the fault
   * @throws {Error} if it ends before it serves and no fault point explains it
   */
  async start(fault?: FaultPoint): Promise<boolean> {
    const survived = await this.#launch(fault);
    this.#serves();
    return survived;
  }

  /** From now on it has the bug. */
  async infect(plant: Plant): Promise<void> {
    this.#plant = plant;
    await this.stop();
    await this.start();
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  async stop(): Promise<void> {
    this.#child?.signal("SIGTERM");
    await this.#child?.exited;
  }

  #goesDown(): void {
    this.#up = new Promise((resolve) => (this.#serves = resolve));
  }

  async #launch(fault: FaultPoint | undefined): Promise<boolean> {
    this.#port ??= await restartPort();
    const args = ["broker", "--port", String(this.#port), "--end-with-stdin", "--data", this.#directory];
    const { env, nodeOptions } = plantOptions(this.#plant);
    this.#starts += 1;
    const child = new Child(`broker ${this.#starts}`, NAKADI, args, {
      nodeOptions,
      env: { ...env, ...(fault ? { NAKADI_KILL_AT: `${fault.name}:${fault.nth}` } : {}) },
    });
    this.#child = child;
    try {
      const [, url = ""] = await child.seen(/listening on (\S+)/);
      this.#url = url;
      void child.exited.then(() => this.#goesDown());
      return true;
    } catch (error) {
      if (fault === undefined || child.ending !== "SIGKILL") throw error;
      await this.#launch(undefined);
      return false;
    }
  }
}
