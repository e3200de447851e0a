/**
 * Listeners for hints about one thing each, over all nodes of an engine. A hint about a thing reaches the listeners for
 * that thing only, so that its cost does not grow with what others listen for.
 */

export class Hints<Key, Args extends readonly unknown[] = []> {
  readonly #listeners = new Map<Key, Set<Listener<Args>>>();

  listen(key: Key, hint: (...args: Args) => void): Disposable {
    const listener = { hint };
    const those = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, those.add(listener));
    return {
      [Symbol.dispose]: () => {
        those.delete(listener);
        if (those.size === 0 && this.#listeners.get(key) === those) this.#listeners.delete(key);
      },
    };
  }

  /** Each hint is a microtask of its own: none runs inside the write that causes it, and none can make it fail. */
  send(key: Key, ...args: Args): void {
    const those = this.#listeners.get(key);
    for (const listener of those ?? []) {
      queueMicrotask(() => {
        if (those?.has(listener)) listener.hint(...args);
      });
    }
  }
}

interface Listener<Args extends readonly unknown[]> {
  hint: (...args: Args) => void;
}
