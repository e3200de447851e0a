/** How much a publisher has to do: while it is something, the process stays alive and the client knows whom to close. */
import { holdProcess } from "../transport/hold-process.ts";

export class Activity {
  readonly #begun: () => () => void;
  #count = 0;
  #end: () => void = () => undefined;
  #idle: (() => void)[] = [];

  /** @param begun called when there is something to do; what it returns, when there is nothing more */
  constructor(begun: () => () => void) {
    this.#begun = begun;
  }

  enter(): void {
    this.#count += 1;
    if (this.#count > 1) return;
    const release = holdProcess();
    const end = this.#begun();
    this.#end = () => {
      release();
      end();
    };
  }

  leave(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    this.#end();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when there is nothing to do. */
  whenIdle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => void this.#idle.push(resolve));
  }
}
