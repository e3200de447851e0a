/**
 * Who wants to hear of something, over all nodes of an engine.
 */

export class Hints<Args extends readonly unknown[]> {
  readonly #listeners = new Set<{ hint: (...args: Args) => void }>();

  listen(hint: (...args: Args) => void): Disposable {
    const listener = { hint };
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Each hint is a microtask of its own: none runs inside the write that it tells of, and none can make it fail. */
  send(...args: Args): void {
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener.hint(...args);
      });
    }
  }
}
