/**
 * Work that no request waits for: checkpoints, retention, compaction, removal. It is all that takes something away from the
 * directory, and a backup holds it.
 * @pure
 */
export class Background {
  readonly #running = new Set<Promise<void>>();
  #waiting: (() => void)[] = [];
  #holds = 0;
  #ended = false;

  /** Begins at once, or when the last hold ends; resolves and fails with the work. */
  async run(work: () => Promise<void>): Promise<void> {
    while (this.#holds > 0 && !this.#ended) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const running = work();
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves when no work runs; none begins until it is disposed. */
  async hold(): Promise<Disposable> {
    this.#holds += 1;
    await Promise.allSettled(this.#running);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#holds -= 1;
        held = false;
        if (this.#holds === 0) this.#wake();
      },
    };
  }

  /** Nothing is held any more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
