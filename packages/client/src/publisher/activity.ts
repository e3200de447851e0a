/** Counts a publisher's calls in flight. While there are any, the process stays alive and the client can close the publisher. */
import { holdProcess } from "../transport/hold-process.ts";

export class Activity {
  readonly #begun: () => () => void;
  #count = 0;
  #end: () => void = () => undefined;
  #idle: (() => void)[] = [];

  /** @param begun called when the first call begins; the function that it returns, when the last one ends */
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

  /** Resolves when no call is in flight. */
  whenIdle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => void this.#idle.push(resolve));
  }
}
